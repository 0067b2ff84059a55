/**
 * The schema facts, read lazily: a group's file when its first definition is asked for, a definition's line when it is.
 * Their encoding is described in `facts/README.md`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A field. `t`: its type; see facts/README.md for the rest. */
export interface Field {
  readonly t: string;
  /** Required. */
  readonly r?: 1;
  /** Default. */
  readonly d?: unknown;
  /** Enum. */
  readonly e?: readonly string[];
  /** Default and enum of items or values. */
  readonly id?: unknown;
  readonly ie?: readonly string[];
  /** List type, list-map keys, map type. */
  readonly lt?: "atomic" | "map" | "set";
  readonly lk?: readonly string[];
  readonly mt?: "atomic" | "granular";
  /** Patch strategy and merge key. */
  readonly ps?: string;
  readonly pk?: string;
  /** Go's JSON tag: p pointer, o omitempty, z omitzero. */
  readonly g?: string;
}

/** A definition. */
export interface Definition {
  /** `v1/Pod`, `apps/v1/Deployment`. */
  readonly gvk?: readonly string[];
  /** In the order in which Go writes them. Absent: the definition is a scalar or free-form. */
  readonly f?: Readonly<Record<string, Field>>;
  /** The type of a definition without fields. */
  readonly t?: string;
  readonly oneOf?: readonly string[];
  readonly un?: readonly unknown[];
  readonly mt?: string;
}

const folder = join(import.meta.dirname, "facts");
const groups = new Map<string, Map<string, string>>();
const definitions = new Map<string, Definition>();

/** The text of a facts file. */
export function factsText(name: string): string {
  return readFileSync(join(folder, name), "utf8");
}

const linesOf = (group: string): Map<string, string> => {
  const known = groups.get(group);
  if (known) return known;
  const lines = new Map<string, string>();
  for (const line of factsText(`${group}.json`).split("\n")) {
    if (!line.startsWith('"')) continue;
    const end = line.indexOf('":', 1);
    lines.set(line.slice(1, end), line.slice(end + 2).replace(/,$/, ""));
  }
  groups.set(group, lines);
  return lines;
};

/** The file that holds a definition: its group's. */
const groupOf = (name: string) => (name.includes(".") ? name.slice(0, name.indexOf(".")) : "meta");

/** A definition by its short name (`core.v1.Pod`). Throws where there is none. */
export function definition(name: string): Definition {
  const known = definitions.get(name);
  if (known) return known;
  const line = linesOf(groupOf(name)).get(name);
  if (line === undefined) throw new Error(`no definition ${name}`);
  const parsed: Definition = JSON.parse(line);
  definitions.set(name, parsed);
  return parsed;
}

/** The names of all definitions of a facts file (`core`, `apps`, `meta`, ...). */
export function definitionNames(group: string): string[] {
  return [...linesOf(group).keys()];
}

/**
 * The name of a kind's definition, or undefined where it is unknown. API groups' facts are named by their first
 * label.
 */
export function definitionOf(kind: { group: string; version: string; kind: string }): string | undefined {
  const file = kind.group === "" ? "core" : kind.group.split(".")[0];
  for (const candidate of [`${file}.${kind.version}.${kind.kind}`, `meta.${kind.version}.${kind.kind}`]) {
    if (fileExists(groupOf(candidate)) && linesOf(groupOf(candidate)).has(candidate)) return candidate;
  }
  return undefined;
}

const missing = new Set<string>();
function fileExists(group: string): boolean {
  if (missing.has(group)) return false;
  try {
    linesOf(group);
    return true;
  } catch {
    missing.add(group);
    return false;
  }
}

/** The names of all facts files. */
export function factsFiles(): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .sort();
}
