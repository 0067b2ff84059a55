/** JSON Patch (RFC 6902) as the API server applies it, its liberties included (upstream: evanphx/json-patch v4). */
import { deepCopy, deepEqual } from "../equality.ts";

/** One operation. */
export interface Operation {
  readonly op?: unknown;
  readonly path?: unknown;
  readonly from?: unknown;
  readonly value?: unknown;
}

/** An operation that cannot be carried out. Clients are told no more than that. */
export class JsonPatchError extends Error {
  override name = "JsonPatchError";
}

type Container = Record<string, unknown> | unknown[];

function pointer(text: unknown): string[] {
  if (typeof text !== "string") throw new JsonPatchError("a pointer is missing");
  // The first part is dropped whatever it is: a pointer without a slash loses its beginning.
  return text
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function isContainer(value: unknown): value is Container {
  return typeof value === "object" && value !== null;
}

function parentOf(document: unknown, parts: readonly string[]): Container {
  let current = document;
  for (const part of parts.slice(0, -1)) current = isContainer(current) ? childOf(current, part) : undefined;
  if (!isContainer(current)) throw new JsonPatchError("the parent does not exist");
  return current;
}

/** Negative indices count from the end. */
function indexOf(list: readonly unknown[], part: string, size = list.length): number {
  if (!/^-?\d+$/.test(part)) throw new JsonPatchError(`no index: ${part}`);
  const index = Number(part) < 0 ? Number(part) + size : Number(part);
  if (index < 0 || index >= size) throw new JsonPatchError(`no such index: ${part}`);
  return index;
}

function childOf(parent: Container, part: string): unknown {
  if (Array.isArray(parent)) return parent[indexOf(parent, part)];
  return Object.hasOwn(parent, part) ? parent[part] : undefined;
}

function add(parent: Container, part: string, value: unknown): void {
  if (!Array.isArray(parent)) parent[part] = value;
  else if (part === "-") parent.push(value);
  else parent.splice(indexOf(parent, part, parent.length + 1), 0, value);
}

function remove(parent: Container, part: string): unknown {
  if (Array.isArray(parent)) return parent.splice(indexOf(parent, part), 1)[0];
  if (!Object.hasOwn(parent, part)) throw new JsonPatchError(`nothing to remove: ${part}`);
  const value = parent[part];
  delete parent[part];
  return value;
}

function replace(parent: Container, part: string, value: unknown): void {
  if (Array.isArray(parent)) parent[indexOf(parent, part)] = value;
  else parent[part] = value;
}

function last(parts: readonly string[]): string {
  if (parts.length === 0) throw new JsonPatchError("the whole document is no target of this operation");
  return parts[parts.length - 1];
}

/** The most bytes that one patch's copies may add up to: each may double the document, so that few ops make gigabytes. */
const maxCopiedBytes = 3 * 1024 * 1024;

function step(document: unknown, operation: Operation, copied: { bytes: number }): unknown {
  const parts = pointer(operation.path);
  const value = operation.value === undefined ? null : deepCopy(operation.value);
  switch (operation.op) {
    case "add":
      if (parts.length === 0) return value;
      add(parentOf(document, parts), last(parts), value);
      return document;
    case "replace":
      if (parts.length === 0) return value;
      replace(parentOf(document, parts), last(parts), value);
      return document;
    case "remove":
      remove(parentOf(document, parts), last(parts));
      return document;
    case "move": {
      const from = pointer(operation.from);
      const moved = remove(parentOf(document, from), last(from));
      add(parentOf(document, parts), last(parts), moved);
      return document;
    }
    case "copy": {
      const from = pointer(operation.from);
      const source = childOf(parentOf(document, from), last(from));
      if (source === undefined) throw new JsonPatchError("nothing to copy");
      copied.bytes += Buffer.byteLength(JSON.stringify(source));
      if (copied.bytes > maxCopiedBytes) throw new JsonPatchError("the copies are too large");
      add(parentOf(document, parts), last(parts), deepCopy(source));
      return document;
    }
    case "test": {
      const found = parts.length === 0 ? document : childOf(parentOf(document, parts), last(parts));
      if (!deepEqual(found ?? null, value)) throw new JsonPatchError("the test failed");
      return document;
    }
    default:
      throw new JsonPatchError("an unknown operation");
  }
}

/** The patched document; the given one is left alone. Throws JsonPatchError, and then nothing has happened. */
export function applyJsonPatch(document: unknown, operations: readonly Operation[]): unknown {
  const copied = { bytes: 0 };
  return operations.reduce((patched: unknown, one) => step(patched, one, copied), deepCopy(document));
}
