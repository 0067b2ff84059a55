/** Tables, which kubectl prints, and metadata-only objects (upstream: apiserver/pkg/registry/rest/table.go, printers). */
import { newBadRequest } from "../apimachinery/errors.ts";
import type { AnyObject, ObjectMeta } from "../apimachinery/meta.ts";
import { quote } from "../apimachinery/quote.ts";
import { ageCell } from "../registry/printers/cells.ts";
import { type ColumnDefinition, columnsOf } from "../registry/printers/columns.ts";
import { type Endpoint, served } from "./endpoint.ts";
import type { Negotiated } from "./negotiation.ts";
import type { ResourceRequest } from "./request.ts";

/** How much of each object a row carries. */
export type IncludeObject = "None" | "Metadata" | "Object";

/** The includeObject parameter. Throws 400. */
export function includeObjectOf(query: URLSearchParams): IncludeObject {
  const value = query.get("includeObject") ?? "";
  if (value === "") return "Metadata";
  if (value === "None" || value === "Metadata" || value === "Object") return value;
  const text = `includeObject: Invalid value: ${quote(value)}: must be 'Metadata', 'Object', 'None', or empty`;
  throw newBadRequest(`Unable to convert to Table as requested: ${text}`);
}

/** The metadata of a stored object, as an object of its own. */
export function partialMetadata({ strategy }: Endpoint, object: AnyObject, form: Negotiated): AnyObject {
  const metadata = strategy.internalMetadata?.(object.metadata as ObjectMeta) ?? object.metadata;
  return { kind: "PartialObjectMetadata", apiVersion: formVersion(form), metadata };
}

function rowObject(endpoint: Endpoint, object: AnyObject, include: IncludeObject, form: Negotiated): unknown {
  if (include === "None") return null;
  return include === "Object" ? served(endpoint, object) : partialMetadata(endpoint, object, form);
}

function columnsOfEndpoint({ strategy, info }: Endpoint): readonly ColumnDefinition[] {
  return strategy.columns ?? columnsOf(info.group, info.version, info.resource);
}

function cellsOf({ strategy, info }: Endpoint, object: AnyObject, now: number): unknown[] {
  if (strategy.cells) return strategy.cells(object, { now });
  const dated = columnsOf(info.group, info.version, info.resource)[1]?.type === "date";
  if (dated) return [object.metadata.name ?? "", object.metadata.creationTimestamp ?? null];
  return [object.metadata.name ?? "", ageCell(object.metadata.creationTimestamp, now)];
}

/** A Table's rows. Cells come from the stored version, whichever was asked for. */
function rows({ endpoint, server, info }: ResourceRequest, objects: readonly AnyObject[], form: Negotiated): unknown[] {
  const include = includeObjectOf(info.query);
  const now = server.clock.now();
  return objects.map((object) => ({
    cells: cellsOf(endpoint, object, now),
    conditions: endpoint.strategy.rowConditions?.(object),
    object: rowObject(endpoint, object, include, form),
  }));
}

/** meta.k8s.io/VERSION of a Table or metadata-only form. */
export const formVersion = (form: Negotiated): string => form.formVersion ?? "meta.k8s.io/v1";

/** A Table of stored objects as text. `withColumns` is false for all but the first event of a watch. */
export function tableText(
  request: ResourceRequest,
  objects: readonly AnyObject[],
  metadata: Record<string, unknown>,
  form: Negotiated,
  withColumns = true,
): string {
  return JSON.stringify({
    kind: "Table",
    apiVersion: formVersion(form),
    metadata,
    columnDefinitions: withColumns ? columnsOfEndpoint(request.endpoint) : null,
    rows: rows(request, objects, form),
  });
}
