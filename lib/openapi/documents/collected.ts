/**
 * Descriptions as a bundle has them: one file, a definition a line as in the facts, so that who needs one definition's
 * parses no other's.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Descriptions } from "./descriptions.ts";

/** The file's name. */
export const collectedFile = "descriptions.json";

const methodsLine = "methods";

type Line = { own?: string; fields: Record<string, string> };
type Methods = Record<string, Record<string, string>>;

/** Collected descriptions; undefined is what was not collected. */
export interface CollectedDescriptions {
  definition(name: string): Descriptions | undefined;
  methods(): ReadonlyMap<string, ReadonlyMap<string, string>> | undefined;
}

/** Reads the file of a folder; where it is not there, nothing was collected. */
export function openCollected(folder: string): CollectedDescriptions {
  const lines = linesOf(join(folder, collectedFile));
  return {
    definition(name) {
      const line = lines.get(`:${name}`);
      if (line === undefined) return undefined;
      const { own, fields }: Line = JSON.parse(line);
      return { own, fields: new Map(Object.entries(fields)) };
    },
    methods() {
      const line = lines.get(methodsLine);
      if (line === undefined) return undefined;
      const methods = Object.entries(JSON.parse(line) as Methods);
      return new Map(methods.map(([method, texts]) => [method, new Map(Object.entries(texts))]));
    },
  };
}

function linesOf(file: string): Map<string, string> {
  const lines = new Map<string, string>();
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return lines;
  }
  for (const line of text.split("\n")) {
    const end = line.indexOf('":', 1);
    if (line.startsWith('"')) lines.set(line.slice(1, end), line.slice(end + 2).replace(/,$/, ""));
  }
  return lines;
}

/** The file's text. Definitions' lines begin with a colon, so that none is taken for the methods'. */
export function collectedText(
  definitions: ReadonlyMap<string, Descriptions>,
  methods: ReadonlyMap<string, ReadonlyMap<string, string>>,
): string {
  const lines = [...definitions].map(([name, { own, fields }]) => {
    const line: Line = { own, fields: Object.fromEntries(fields) };
    return `${JSON.stringify(`:${name}`)}:${JSON.stringify(line)}`;
  });
  const described: Methods = {};
  for (const [method, texts] of methods) described[method] = Object.fromEntries(texts);
  lines.push(`${JSON.stringify(methodsLine)}:${JSON.stringify(described)}`);
  return `{\n${lines.join(",\n")}\n}\n`;
}
