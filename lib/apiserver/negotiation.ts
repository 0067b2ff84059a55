/** Which form an answer takes, by the Accept header (upstream: endpoints/handlers/negotiation). */
import { failure, newNotAcceptable } from "../apimachinery/errors.ts";

/** The form of an answer. */
export interface Negotiated {
  readonly format: "json" | "yaml";
  /** Absent: the object as it is. */
  readonly as?: "Table" | "PartialObjectMetadata" | "PartialObjectMetadataList";
  readonly pretty: boolean;
}

/** Media types as they are named in errors; protobuf is among upstream's, ours answers it with the next in the list. */
export const servedTypes = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];

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

const formats: Record<string, Negotiated["format"]> = {
  "application/json": "json",
  "application/yaml": "yaml",
  "*/*": "json",
};

/** The form asked for by `as=...;v=...;g=...`; undefined where it is none that is served. */
function transformation(parameters: ReadonlyMap<string, string>, allowed: readonly string[]) {
  const as = parameters.get("as");
  if (as === undefined) return { as: undefined };
  const good = parameters.get("g") === "meta.k8s.io" && parameters.get("v") === "v1" && allowed.includes(as);
  return good ? { as: as as Negotiated["as"] } : undefined;
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
    if (form) return { format, as: form.as, pretty: pretty || parameters.get("pretty") === "1" };
  }
  if (known) throw newNotAcceptable(servedTypes);
  const text = `406: Not Acceptable\n\nAvailable representations: ${servedTypes.join(", ")}`;
  throw failure(406, "NotAcceptable", text, {});
}
