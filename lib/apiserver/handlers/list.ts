/** GET of a collection: stored texts spliced into a list, page by page at one revision. */
import { newBadRequest, newResourceExpired, type StatusError } from "../../apimachinery/errors.ts";
import type { ServerResponse } from "../../apimachinery/http.ts";
import type { AnyObject } from "../../apimachinery/meta.ts";
import { type ListResult, RevisionCompacted, RevisionInFuture } from "../../storage/interface.ts";
import { type ContinueToken, decodeContinue, encodeContinue } from "../continue-token.ts";
import { type Endpoint, served } from "../endpoint.ts";
import { type ListOptions, listOptions, listRevision } from "../list-options.ts";
import type { Negotiated } from "../negotiation.ts";
import { isPlain, type ResourceRequest } from "../request.ts";
import { jsonChunks, jsonText } from "../respond.ts";
import { parseSelectors } from "../selectors.ts";
import { tooLargeResourceVersion, translate } from "../storage-errors.ts";
import { formVersion, includeObjectOf, partialMetadata, tableText } from "../table.ts";

/** Answers with the collection, or one page of it. */
export async function list(request: ResourceRequest, form: Negotiated): Promise<ServerResponse> {
  const { info, endpoint } = request;
  const options = listOptions(info.query, false);
  const selectors = parseSelectors(info.query, endpoint.info);
  const prefix = info.namespace === "" ? "" : `${info.namespace}/`;
  if (form.as === "Table") includeObjectOf(info.query);
  const result = await readPage(request, options, prefix, selectors.matches);
  if (form.format === "json" && !form.pretty && isPlain(form, endpoint) && result.items.length > itemsAtOnce) {
    return jsonChunks(200, longList(endpoint, result.items, metadataOf(result, prefix)));
  }
  return jsonText(200, `${listText(request, result, metadataOf(result, prefix), form)}\n`, form);
}

/** The page that the options ask for. */
async function readPage(
  { server, endpoint }: ResourceRequest,
  options: ListOptions,
  prefix: string,
  matches: ReturnType<typeof parseSelectors>["matches"],
): Promise<ListResult> {
  const token = continuation(options);
  // With resourceVersion 0 upstream answers from its cache, which knows no pages.
  const limit = options.limit > 0 && options.resourceVersion !== "0" ? options.limit : undefined;
  const exact = options.match === "Exact" || (options.match === "" && limit !== undefined);
  const wanted = token ? 0 : listRevision(options.resourceVersion);
  const revision = token && token.revision > 0 ? token.revision : exact && wanted > 0 ? wanted : undefined;
  const { store } = server.resources;
  const after = token && prefix + token.after;
  try {
    const result = await store.list(endpoint.collection, { prefix, after, limit, revision, matches });
    if (wanted > result.revision) throw tooLargeResourceVersion(options.resourceVersion, result.revision);
    return result;
  } catch (error) {
    if (error instanceof RevisionInFuture) throw tooLargeResourceVersion(options.resourceVersion, error.current);
    if (error instanceof RevisionCompacted && token) throw expiredToken(token);
    throw translate(error, endpoint.gr, "");
  }
}

function continuation({ continueText, resourceVersion }: ListOptions): ContinueToken | undefined {
  if (continueText === "") return undefined;
  if (resourceVersion !== "" && resourceVersion !== "0") {
    throw newBadRequest("specifying resource version is not allowed when using continue");
  }
  return decodeContinue(continueText);
}

/** 410 with a token that goes on from the same key in the newest state. */
function expiredToken(token: ContinueToken): StatusError {
  const text =
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";
  const error = newResourceExpired(text);
  error.status.metadata = { continue: encodeContinue({ revision: -1, after: token.after }) };
  return error;
}

/** ListMeta of a page of the keys below `prefix`. */
export function metadataOf({ revision, next, remaining }: ListResult, prefix: string): Record<string, unknown> {
  const metadata: Record<string, unknown> = { resourceVersion: String(revision) };
  if (next === undefined) return metadata;
  metadata.continue = encodeContinue({ revision, after: next.slice(prefix.length) });
  if (remaining !== undefined) metadata.remainingItemCount = remaining;
  return metadata;
}

/** The whole list as text; parses objects only where the form needs it. */
export function listText(
  request: ResourceRequest,
  result: Pick<ListResult, "items">,
  metadata: Record<string, unknown>,
  form: Negotiated,
): string {
  const { endpoint } = request;
  if (isPlain(form, endpoint)) return plainList(endpoint, result.items, metadata);
  const objects = result.items.map(({ text }): AnyObject => JSON.parse(text));
  if (form.as === "Table") return tableText(request, objects, metadata, form);
  const { kind, apiVersion, items } =
    form.as === undefined
      ? {
          kind: endpoint.info.listKind,
          apiVersion: endpoint.apiVersion,
          items: objects.map((object) => withoutKind(served(endpoint, object))),
        }
      : {
          kind: "PartialObjectMetadataList",
          apiVersion: formVersion(form),
          items: objects.map((object) => partialMetadata(endpoint, object, form)),
        };
  return JSON.stringify({ kind, apiVersion, metadata, items });
}

function withoutKind({ kind: _, apiVersion: __, ...rest }: Record<string, unknown>): unknown {
  return rest;
}

function plainList(endpoint: Endpoint, items: ListResult["items"], metadata: Record<string, unknown>): string {
  return `${listStart(endpoint, metadata)}${splice(endpoint, items)}]}`;
}

function listStart({ info, apiVersion }: Endpoint, metadata: Record<string, unknown>): string {
  return `{"kind":"${info.listKind}","apiVersion":"${apiVersion}","metadata":${JSON.stringify(metadata)},"items":[`;
}

/** The stored texts without their kind and apiVersion, which the list says once. */
function splice({ head }: Endpoint, items: ListResult["items"]): string {
  return items.map(({ text }) => `{${text.slice(head.length)}`).join(",");
}

/** Items of a piece of a long list: small enough that the garbage collector's young generation takes the piece. */
const itemsAtOnce = 32;

/** A long list piece by piece: as one text it would be copied as a whole several times. */
async function* longList(
  endpoint: Endpoint,
  items: ListResult["items"],
  metadata: Record<string, unknown>,
): AsyncGenerator<string> {
  let lead = listStart(endpoint, metadata);
  for (let at = 0; at < items.length; at += itemsAtOnce) {
    yield lead + splice(endpoint, items.slice(at, at + itemsAtOnce));
    lead = ",";
  }
  yield "]}\n";
}
