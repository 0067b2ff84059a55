/** Which form an answer takes, by the Accept header (upstream: endpoints/handlers/negotiation). */
import { failure, newNotAcceptable } from "../apimachinery/errors.ts";

import type { ServerRequest } from "../apimachinery/http.ts";
import { isTrue, parseQuery } from "./request-info.ts";

/** The form of an answer. */
export interface Negotiated {
  readonly format: "json" | "yaml";
  /** Absent: the object as it is. */
  readonly as?: "Table" | "PartialObjectMetadata" | "PartialObjectMetadataList";
  /** meta.k8s.io/VERSION of that form. */
  readonly formVersion?: string;
  readonly pretty: boolean;
}

/** Media types as they are named in errors; protobuf is among upstream's, ours answers it with the next in the list. */
export const servedTypes = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];

/** The media types of watches as errors name them. */
export const streamedTypes = ["application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"];

/** A clause of an Accept header. */
export interface Accepted {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/** The clauses of an Accept header, the most wanted first. */
export function parseAccept(header: string): Accepted[] {
  const clauses = header.split(",").map((clause, order) => {
    const [type, ...rest] = clause.split(";").map((part) => part.trim());
    const parameters = new Map(
      rest.map((part) => {
        const equals = part.indexOf("=");
        return equals < 0 ? [part, ""] : [part.slice(0, equals).trim(), part.slice(equals + 1).replace(/^"|"$/g, "")];
      }),
    );
    const quality = Number(parameters.get("q") ?? "1");
    return { type: type.toLowerCase(), parameters, quality: Number.isNaN(quality) ? 1 : quality, order };
  });
  return clauses.filter(({ quality }) => quality > 0).sort((a, b) => b.quality - a.quality || a.order - b.order);
}

/** Of meta.k8s.io. */
const formVersions = ["v1", "v1beta1"];

const formats: Record<string, Negotiated["format"]> = {
  "application/json": "json",
  "application/yaml": "yaml",
  "*/*": "json",
};

/** The form asked for by `as=...;v=...;g=...`; undefined where it is none that is served. */
function transformation(parameters: ReadonlyMap<string, string>, allowed: readonly string[]) {
  const as = parameters.get("as");
  if (as === undefined) return { as: undefined, version: "" };
  const version = parameters.get("v") ?? "";
  const good = parameters.get("g") === "meta.k8s.io" && formVersions.includes(version) && allowed.includes(as);
  return good ? { as: as as Negotiated["as"], version } : undefined;
}

const plain: Negotiated = { format: "json", pretty: false };

/**
 * The first of the accepted forms that can be served. `forms` are the transformations that make sense here.
 * Throws 406.
 */
export function negotiate(header: string | undefined, forms: readonly string[], pretty = false): Negotiated {
  if (header === undefined || header === "" || header === "application/json") {
    return pretty ? { format: "json", pretty } : plain;
  }
  const accepted = parseAccept(header);
  let known = false;
  for (const { type, parameters } of accepted) {
    if (type === servedTypes[2]) known = true;
    const format = formats[type];
    if (format === undefined) continue;
    known = true;
    const form = transformation(parameters, forms);
    if (form) {
      const formVersion = form.as && `meta.k8s.io/${form.version}`;
      return { format, as: form.as, formVersion, pretty: pretty || parameters.get("pretty") === "1" };
    }
  }
  if (known) throw newNotAcceptable(servedTypes);
  const text = `406: Not Acceptable\n\nAvailable representations: ${servedTypes.join(", ")}`;
  throw failure(406, "NotAcceptable", text, {});
}

/** Whether a person seems to read the answer: `pretty` in the query says so, or else the program that asks. */
export function wantsPretty(request: ServerRequest, query: URLSearchParams): boolean {
  const pretty = query.size > 0 ? query.get("pretty") : null;
  if (pretty !== null) return isTrue(pretty);
  const agent = request.header("user-agent");
  return agent !== undefined && /^(?:curl|Wget|Mozilla\/5\.0)/.test(agent);
}

/** The form of a failure, which must be told even where nothing that is accepted can be served. */
export function failureForm(request: ServerRequest): Negotiated {
  const format = request.header("accept")?.startsWith("application/yaml") === true ? "yaml" : "json";
  const question = request.path.indexOf("?");
  return { format, pretty: wantsPretty(request, parseQuery(question < 0 ? "" : request.path.slice(question + 1))) };
}
