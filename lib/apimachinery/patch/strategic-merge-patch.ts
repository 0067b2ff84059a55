/**
 * Strategic merge patch: lists of objects are merged by a key that the schema names (upstream:
 * util/strategicpatch).
 */
import { deepEqual } from "../equality.ts";

/** What the schema says of a field: how its list or map is merged, and the schema of what is in it. */
export interface PatchField {
  readonly strategies: readonly string[];
  readonly mergeKey: string;
  /** Absent: scalars, or free-form. */
  readonly schema?: PatchSchema;
}

/** The schema of an object, as far as patches need it. */
export interface PatchSchema {
  field(name: string): PatchField | undefined;
}

/** A patch that cannot be applied. `code` is that of the answer. */
export class StrategicPatchError extends Error {
  override name = "StrategicPatchError";
  readonly code: 400 | 500;
  constructor(code: 400 | 500, message: string) {
    super(message);
    this.code = code;
  }
}

type Map = Record<string, unknown>;

const directive = "$patch";
const retainKeys = "$retainKeys";
const deleteFromList = "$deleteFromPrimitiveList/";
const elementOrder = "$setElementOrder/";

function isMap(value: unknown): value is Map {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value as Go prints it. */
function goText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(" ")}]`;
  if (!isMap(value)) return value === null ? "<nil>" : String(value);
  const entries = Object.keys(value)
    .sort()
    .map((key) => `${key}:${goText(value[key])}`);
  return `map[${entries.join(" ")}]`;
}

/** The patched object; neither argument is changed. Throws StrategicPatchError. */
export function applyStrategicMergePatch(original: Map, patch: Map, schema: PatchSchema): Map {
  return mergeMap(original, patch, schema);
}

function mergeMap(original: Map, patch: Map, schema: PatchSchema | undefined): Map {
  const how = patch[directive];
  if (how !== undefined) {
    const { [directive]: _, ...rest } = patch;
    if (how === "replace") return withoutNulls(rest) as Map;
    if (how === "delete") return {};
    if (how !== "merge") throw new StrategicPatchError(500, `unknown patch type: ${goText(how)}`);
  }
  const merged = retained(original, patch);
  for (const [key, value] of Object.entries(patch)) {
    if (key === directive || key === retainKeys || key.startsWith(elementOrder)) continue;
    if (key.startsWith(deleteFromList)) deletePrimitives(merged, key.slice(deleteFromList.length), value);
    else mergeField(merged, key, value, patch, schema);
  }
  for (const key of Object.keys(patch)) {
    if (key.startsWith(elementOrder)) orderOnly(merged, key.slice(elementOrder.length), patch, schema);
  }
  return merged;
}

/** A copy of the original, cut down to $retainKeys where the patch has them. */
function retained(original: Map, patch: Map): Map {
  const keys = patch[retainKeys];
  if (keys === undefined) return { ...original };
  if (!Array.isArray(keys)) throw new StrategicPatchError(400, "expecting a list for $retainKeys");
  for (const key of Object.keys(patch)) {
    if (key !== retainKeys && key !== directive && !key.startsWith("$") && !keys.includes(key)) {
      throw new StrategicPatchError(400, "the retainKeys list doesn't contain all fields in the patch");
    }
  }
  return Object.fromEntries(Object.entries(original).filter(([key]) => keys.includes(key)));
}

function deletePrimitives(merged: Map, key: string, values: unknown): void {
  const list = merged[key];
  if (!Array.isArray(list) || !Array.isArray(values)) return;
  merged[key] = list.filter((item) => !values.some((value) => deepEqual(value, item)));
}

function mergeField(merged: Map, key: string, value: unknown, patch: Map, schema: PatchSchema | undefined): void {
  if (value === null) {
    delete merged[key];
    return;
  }
  const current = merged[key];
  const field = schema?.field(key);
  const replaces = field?.strategies.includes("replace");
  if (isMap(value)) {
    const base = isMap(current) && !replaces ? current : {};
    const next = mergeMap(base, value, field?.schema);
    // A new map whose patch only deletes leaves nothing behind.
    if (value[directive] === "delete") delete merged[key];
    else merged[key] = next;
    return;
  }
  if (Array.isArray(value) && field?.strategies.includes("merge") && !replaces) {
    const order = patch[elementOrder + key];
    merged[key] = mergeList(Array.isArray(current) ? current : [], value, order, field);
    return;
  }
  merged[key] = withoutNulls(value);
}

/** Orders a list that the patch does not change otherwise. */
function orderOnly(merged: Map, key: string, patch: Map, schema: PatchSchema | undefined): void {
  const current = merged[key];
  const field = schema?.field(key);
  if (patch[key] !== undefined || !Array.isArray(current) || !field) return;
  merged[key] = mergeList(current, [], patch[elementOrder + key], field);
}

function withoutNulls(value: unknown): unknown {
  if (!isMap(value)) return value;
  const entries = Object.entries(value).filter(([key, one]) => one !== null && !key.startsWith("$"));
  return Object.fromEntries(entries.map(([key, one]) => [key, withoutNulls(one)]));
}

function mergeList(
  original: readonly unknown[],
  patch: readonly unknown[],
  order: unknown,
  field: PatchField,
): unknown[] {
  const ofMaps = [...patch, ...original].some(isMap);
  const same = ofMaps ? sameBy(field.mergeKey) : deepEqual;
  const plain = ofMaps ? patch.filter((item) => !(isMap(item) && directive in item)) : patch;
  let wanted = plain;
  if (Array.isArray(order)) {
    checkOrder(plain, order, same);
    wanted = order;
  }
  const merged = ofMaps ? mergeMaps(original as Map[], patch as Map[], field) : mergePrimitives(original, patch);
  return sortLike(merged, wanted, original, same);
}

/** Whether two items have the same merge key. Throws where one has none. */
function sameBy(mergeKey: string): (a: unknown, b: unknown) => boolean {
  return (a, b) => deepEqual(keyOf(a, mergeKey), keyOf(b, mergeKey));
}

function keyOf(item: unknown, mergeKey: string): unknown {
  if (!isMap(item) || item[mergeKey] === undefined) {
    throw new StrategicPatchError(500, `map: ${goText(item)} does not contain declared merge key: ${mergeKey}`);
  }
  return item[mergeKey];
}

function mergePrimitives(original: readonly unknown[], patch: readonly unknown[]): unknown[] {
  const merged: unknown[] = [];
  for (const item of [...original, ...patch]) if (!merged.some((one) => deepEqual(one, item))) merged.push(item);
  return merged;
}

function mergeMaps(original: readonly Map[], patch: readonly Map[], { mergeKey, schema }: PatchField): Map[] {
  if (patch.some((item) => item[directive] === "replace")) {
    return patch.filter((item) => item[directive] !== "replace").map((item) => withoutNulls(item) as Map);
  }
  const same = sameBy(mergeKey);
  let merged = [...original];
  for (const item of patch) {
    const how = item[directive];
    if (how === "delete") {
      merged = merged.filter((one) => !same(one, item));
      continue;
    }
    if (how !== undefined && how !== "merge") throw new StrategicPatchError(500, `unknown patch type: ${goText(how)}`);
    keyOf(item, mergeKey);
    const index = merged.findIndex((one) => same(one, item));
    if (index < 0) merged.push(mergeMap({}, item, schema));
    else merged[index] = mergeMap(merged[index], item, schema);
  }
  return merged;
}

/** The patch's items must stand in the order list, in its order. */
function checkOrder(
  patch: readonly unknown[],
  order: readonly unknown[],
  same: (a: unknown, b: unknown) => boolean,
): void {
  let at = 0;
  for (const item of patch) {
    while (at < order.length && !same(order[at], item)) at++;
    if (at === order.length) {
      const [given, wanted] = [goText(patch), goText(order)];
      const text = `The order in patch list:\n${given}\n doesn't match $setElementOrder list:\n${wanted}\n`;
      throw new StrategicPatchError(500, text);
    }
    at++;
  }
}

/** Items that `wanted` names come in its order; the others keep the server's, woven in where the server has both. */
function sortLike(
  items: readonly unknown[],
  wanted: readonly unknown[],
  server: readonly unknown[],
  same: (a: unknown, b: unknown) => boolean,
): unknown[] {
  const place = (list: readonly unknown[], item: unknown) => list.findIndex((one) => same(one, item));
  const left = items.filter((item) => place(wanted, item) >= 0).sort((a, b) => place(wanted, a) - place(wanted, b));
  const right = items.filter((item) => place(wanted, item) < 0).sort((a, b) => place(server, a) - place(server, b));
  const sorted: unknown[] = [];
  while (left.length > 0 && right.length > 0) {
    const [l, r] = [place(server, left[0]), place(server, right[0])];
    const rightFirst = l >= 0 && r >= 0 && r < l;
    sorted.push(rightFirst ? right.shift() : left.shift());
  }
  return [...sorted, ...left, ...right];
}
