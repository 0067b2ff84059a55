/**
 * What the API's fields mean, in Kubernetes' own words: read from the comments of the installed models of
 * @kubernetes/client-node, a model when it is first asked for.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The texts of a definition: its own under "", its fields' by name. */
type Texts = ReadonlyMap<string, string>;

const none: Texts = new Map();
const known = new Map<string, Texts>();
let folder: string | undefined;

function modelsFolder(): string {
  folder ??= join(dirname(createRequire(import.meta.url).resolve("@kubernetes/client-node")), "gen", "models");
  return folder;
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** The names that the model of a definition may have: with its group where kinds of two groups share a name. */
function modelNames(definition: string): string[] {
  const [group, version, kind] = definition.split(".");
  if (kind === undefined) return [];
  return [`${capital(group)}${capital(version)}${kind}`, `${capital(version)}${kind}`];
}

function readModel(name: string): string | undefined {
  try {
    return readFileSync(join(modelsFolder(), `${name}.d.ts`), "utf8");
  } catch {
    return undefined;
  }
}

const unescaped = (text: string) => text.replace(/\\(["'])/g, "$1").trim();

function parse(source: string): Texts {
  const texts = new Map<string, string>();
  const own = /\/\*\*\s*\n\s*\* ([^\n]*)\n\s*\*\/\s*\nexport (?:declare )?class/.exec(source);
  if (own) texts.set("", unescaped(own[1]));
  for (const [, text, field] of source.matchAll(/\/\*\*\s*\n\s*\* ([^\n]*)\n\s*\*\/\s*\n\s*'([^']+)'\??:/g)) {
    texts.set(field, unescaped(text));
  }
  return texts;
}

function textsOf(definition: string): Texts {
  let texts = known.get(definition);
  if (!texts) {
    const source = modelNames(definition)
      .map(readModel)
      .find((text) => text !== undefined);
    texts = source === undefined ? none : parse(source);
    known.set(definition, texts);
  }
  return texts;
}

/** The text of a field of a definition (`core.v1.PodSpec`), or of the definition itself for "". Undefined: there is none. */
export function description(definition: string, field = ""): string | undefined {
  return textsOf(definition).get(field);
}
