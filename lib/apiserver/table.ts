/** Tables, which kubectl prints, and metadata-only objects (upstream: apiserver/pkg/registry/rest/table.go, printers). */
import { newBadRequest } from "../apimachinery/errors.ts";
import type { AnyObject } from "../apimachinery/meta.ts";
import { factsText } from "../openapi/schema.ts";
import { ageCell } from "../registry/printers/cells.ts";
import type { Endpoint } from "./endpoint.ts";
import type { ResourceRequest } from "./request.ts";

/** How much of each object a row carries. */
export type IncludeObject = "None" | "Metadata" | "Object";

/** [name, type, format, priority] */
type Column = readonly [string, string, string, number];

let columns: Record<string, readonly Column[]> | undefined;

function columnsOf({ info }: Endpoint): readonly Column[] {
  columns ??= JSON.parse(factsText("columns.json")) as Record<string, readonly Column[]>;
  const id = `${info.group === "" ? "" : `${info.group}/`}${info.version}/${info.resource}`;
  return (
    columns[id] ?? [
      ["Name", "string", "name", 0],
      ["Created At", "date", "", 0],
    ]
  );
}

/** The includeObject parameter. Throws 400. */
export function includeObjectOf(query: URLSearchParams): IncludeObject {
  const value = query.get("includeObject") ?? "";
  if (value === "") return "Metadata";
  if (value === "None" || value === "Metadata" || value === "Object") return value;
  const text = `includeObject: Invalid value: ${JSON.stringify(value)}: must be 'Metadata', 'Object', 'None', or empty`;
  throw newBadRequest(`Unable to convert to Table as requested: ${text}`);
}

/** The metadata of an object, as an object of its own. */
export function partialMetadata(object: AnyObject, kind: "PartialObjectMetadata"): AnyObject {
  return { kind, apiVersion: "meta.k8s.io/v1", metadata: object.metadata };
}

function rowObject(object: AnyObject, include: IncludeObject): unknown {
  if (include === "None") return null;
  return include === "Object" ? object : partialMetadata(object, "PartialObjectMetadata");
}

function cellsOf({ strategy }: Endpoint, object: AnyObject, now: number): unknown[] {
  if (strategy.cells) return strategy.cells(object, { now });
  return [object.metadata.name ?? "", ageCell(object.metadata.creationTimestamp, now)];
}

/** A Table's rows. */
function rows({ endpoint, server, info }: ResourceRequest, objects: readonly AnyObject[]): unknown[] {
  const include = includeObjectOf(info.query);
  const now = server.clock.now();
  return objects.map((object) => ({ cells: cellsOf(endpoint, object, now), object: rowObject(object, include) }));
}

/** A Table as text. `withColumns` is false for all but the first event of a watch. */
export function tableText(
  request: ResourceRequest,
  objects: readonly AnyObject[],
  metadata: Record<string, unknown>,
  withColumns = true,
): string {
  const definitions = columnsOf(request.endpoint).map(([name, type, format, priority]) => ({
    name,
    type,
    format,
    description: describe(name),
    priority,
  }));
  return JSON.stringify({
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata,
    columnDefinitions: withColumns ? definitions : null,
    rows: rows(request, objects),
  });
}

/** Upstream has a sentence for each column; ours is the column's name. */
function describe(name: string): string {
  return name;
}
