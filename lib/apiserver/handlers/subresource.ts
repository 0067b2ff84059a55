/** Subresources: those that are updates of the object, those that take a body of another kind, and scale. */
import { newGenericNotFound } from "../../apimachinery/errors.ts";
import type { ServerResponse } from "../../apimachinery/http.ts";
import { apiVersionOf } from "../../apimachinery/meta.ts";
import { decodeBody, readBody } from "../body.ts";
import type { Negotiated } from "../negotiation.ts";
import { writeOptions } from "../options.ts";
import { type ResourceRequest, writeContext } from "../request.ts";
import { jsonText } from "../respond.ts";

/** POST of a body of another kind: binding, eviction, token. */
export async function createSubresource(request: ResourceRequest, form: Negotiated): Promise<ServerResponse> {
  const { endpoint, info } = request;
  const subresource = endpoint.strategy.createSubresources?.[info.subresource];
  const facts = endpoint.info.subresources[info.subresource];
  if (!subresource || !facts) throw newGenericNotFound();
  const options = writeOptions(info.query, "CreateOptions");
  const { text, format } = await readBody(request.request, subresource.definition);
  const body = decodeBody(text, format, facts.kind, subresource.definition, options.fieldValidation);
  const context = writeContext(request, options.dryRun, { fieldManager: options.fieldManager });
  context.warnings.push(...body.warnings);
  const name = { namespace: info.namespace, name: info.name };
  // Admission is asked about the object of the path, whatever the body leaves out.
  body.object.metadata.name ||= info.name;
  if (info.namespace !== "") body.object.metadata.namespace ||= info.namespace;
  body.object.kind = facts.kind.kind;
  body.object.apiVersion = apiVersionOf(facts.kind);
  await context.admission?.admit(endpoint, "CREATE", info.subresource, body.object, undefined, context);
  await context.admission?.validate(endpoint, "CREATE", info.subresource, body.object, undefined, context);
  const answer = await subresource.create(name, body.object, context.strategyContext);
  return jsonText(201, `${JSON.stringify(answer)}\n`, form, context.warnings);
}
