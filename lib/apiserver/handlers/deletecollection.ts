/** DELETE of a collection: each object that the selectors match, one by one. */
import { isNotFound } from "../../apimachinery/errors.ts";
import type { ServerResponse } from "../../apimachinery/http.ts";
import { splitKey } from "../../apimachinery/meta.ts";
import { deleteObject } from "../delete-object.ts";
import { listOptions } from "../list-options.ts";
import type { Negotiated } from "../negotiation.ts";
import { type ResourceRequest, writeContext } from "../request.ts";
import { jsonText } from "../respond.ts";
import { parseSelectors } from "../selectors.ts";
import { translate } from "../storage-errors.ts";
import { readDeleteOptions } from "./delete.ts";
import { listText, metadataOf } from "./list.ts";

/** How many deletions run at once. */
const width = 16;

/** Answers with the list of what was there. */
export async function deleteCollection(request: ResourceRequest, form: Negotiated): Promise<ServerResponse> {
  const { endpoint, info, server } = request;
  const options = await readDeleteOptions(request);
  const { limit } = listOptions(info.query, false);
  const { matches } = parseSelectors(info.query, endpoint.info);
  const prefix = info.namespace === "" ? "" : `${info.namespace}/`;
  const context = writeContext(request, (options.dryRun?.length ?? 0) > 0, { ...options });
  context.warnings.push(...(endpoint.strategy.warningsOnDelete?.(options) ?? []));
  const result = await server.resources.store
    .list(endpoint.collection, { prefix, matches, limit: limit > 0 ? limit : undefined })
    .catch((error) => {
      throw translate(error, endpoint.gr, "");
    });
  let next = 0;
  const worker = async () => {
    while (next < result.items.length) {
      const { namespace, name } = splitKey(result.items[next++].key);
      try {
        await deleteObject(server.resources, endpoint, namespace, name, { ...options }, context);
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  const text = listText(request, result, metadataOf(result, prefix), form);
  return jsonText(200, `${text}\n`, form, context.warnings);
}
