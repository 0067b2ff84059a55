/** DELETE of one object. */
import type { ServerResponse } from "../../apimachinery/http.ts";
import { apiVersionOf } from "../../apimachinery/meta.ts";
import type { DeleteOptions } from "../../registry/strategy.ts";
import { decodeBody, readBody } from "../body.ts";
import { deleteObject } from "../delete-object.ts";
import type { Negotiated } from "../negotiation.ts";
import { checkDeleteOptions, deleteOptionsOfQuery } from "../options.ts";
import { objectResponse } from "../render.ts";
import { type ResourceRequest, writeContext } from "../request.ts";
import { jsonText } from "../respond.ts";

const optionsDefinition = "meta.v1.DeleteOptions";

/** The options: of the body where there is one, else of the query. Throws 400 and 422. */
export async function readDeleteOptions({ request, info, endpoint }: ResourceRequest): Promise<DeleteOptions> {
  const { text, format } = await readBody(request, optionsDefinition);
  if (text === "") {
    const options = deleteOptionsOfQuery(info.query);
    checkDeleteOptions(options);
    return options;
  }
  const value = decodeDeleteOptions(text, format, endpoint.info);
  checkDeleteOptions(value);
  return value;
}

function decodeDeleteOptions(
  text: string,
  format: "json" | "yaml",
  own: { group: string; version: string },
): DeleteOptions {
  const named = /"apiVersion"\s*:\s*"([^"]*)"/.exec(text)?.[1];
  // Clients may send the options in the version of any group.
  const gv = named === apiVersionOf(own) ? own : { group: "", version: named === "meta.k8s.io/v1" ? named : "v1" };
  const kind = { ...gv, kind: "DeleteOptions" };
  const { metadata: _, ...options } = decodeBody(text, format, kind, optionsDefinition, "Ignore").object;
  return options as DeleteOptions;
}

/** Answers with the object where it stays a while (or the kind wants it so), else with a Status. */
export async function deleteOne(request: ResourceRequest, form: Negotiated): Promise<ServerResponse> {
  const { endpoint, info, server } = request;
  const options = await readDeleteOptions(request);
  endpoint.strategy.checkDelete?.(info.name);
  const context = writeContext(request, (options.dryRun?.length ?? 0) > 0, { ...options });
  context.warnings.push(...(endpoint.strategy.warningsOnDelete?.(options) ?? []));
  const deleted = await deleteObject(server.resources, endpoint, info.namespace, info.name, options, context);
  if (!deleted.gone || endpoint.strategy.returnsDeleted) {
    return objectResponse(request, 200, JSON.stringify(deleted.object), form, context.warnings);
  }
  const { gr } = endpoint;
  const status = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: {
      name: info.name,
      ...(gr.group === "" ? {} : { group: gr.group }),
      kind: gr.resource,
      uid: deleted.object.metadata.uid,
    },
  };
  return jsonText(200, `${JSON.stringify(status)}\n`, { ...form, as: undefined } as Negotiated, context.warnings);
}
