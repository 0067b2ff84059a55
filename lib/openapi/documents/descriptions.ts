/**
 * What definitions, fields and parameters mean, in words: read at run time from the doc comments of the installed
 * `@kubernetes/client-node`, so that no such text is kept here. A bundle has them collected in one file beside it
 * (`collect-process.ts`). Where neither is, there are no descriptions. The package's generator has dropped line breaks,
 * and the texts of fields that hold one other object.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type CollectedDescriptions, openCollected } from "./collected.ts";
import { title } from "./names.ts";
import { ownDescriptions } from "./own-descriptions.ts";

/** A definition's description and its fields'. */
export interface Descriptions {
  readonly own?: string;
  readonly fields: ReadonlyMap<string, string>;
}

const none: Descriptions = { fields: new Map() };
const models = new Map<string, Descriptions>();
let folder: string | undefined;
let beside: CollectedDescriptions | undefined;

/** What lies beside a bundle; empty for code that runs from its source. */
const collected = () => (beside ??= openCollected(import.meta.dirname));

function read(path: string): string | undefined {
  try {
    folder ??= join(dirname(fileURLToPath(import.meta.resolve("@kubernetes/client-node"))), "gen");
    return readFileSync(join(folder, path), "utf8");
  } catch {
    return undefined;
  }
}

const escapes: Readonly<Record<string, string>> = {
  "&#39;": "'",
  "&quot;": '"',
  "&#x60;": "`",
  "&#x3D;": "=",
  "&lt;": "<",
  "&gt;": ">",
  "&amp;": "&",
};

/** A comment's text as it was before it became one: its generator made line breaks blanks. */
function plain(comment: string): string {
  return comment
    .replace(/&(?:#39|quot|#x60|#x3D|lt|gt|amp);/g, (one) => escapes[one])
    .replace(/\\(["'`])/g, "$1")
    .replace(/\*_\//g, "*/")
    .replace(/\. {2}(?=[A-Z])/g, ".\n\n")
    .trim();
}

/** Types without a model of their own, and a field whose text is theirs. */
const shownByField: Readonly<Record<string, readonly [definition: string, field: string]>> = {
  IntOrString: ["apps.v1.RollingUpdateDeployment", "maxSurge"],
  MicroTime: ["coordination.v1.LeaseSpec", "acquireTime"],
  Quantity: ["core.v1.EmptyDirVolumeSource", "sizeLimit"],
};

/** The texts of the model class of a definition: `V1Pod`, or with its group where several groups have the kind. */
export function descriptionsOf(name: string): Descriptions {
  const known = models.get(name);
  if (known) return known;
  const ours = ownDescriptions[name];
  if (ours) return ours;
  const shown = shownByField[name];
  if (shown) return { own: descriptionsOf(shown[0]).fields.get(shown[1]), fields: none.fields };
  const found = collected().definition(name) ?? modelOf(name);
  models.set(name, found);
  return found;
}

function modelOf(name: string): Descriptions {
  const parts = name.split(".");
  const kind = parts.at(-1) ?? "";
  const version = parts.length > 2 ? title(parts[1]) : "";
  const text =
    read(`models/${title(parts[0])}${version}${kind}.d.ts`) ??
    read(`models/${version}${kind}.d.ts`) ??
    read(`models/${title(parts[0])}${kind}.d.ts`);
  return text === undefined ? none : modelDescriptions(text);
}

function modelDescriptions(text: string): Descriptions {
  const fields = new Map<string, string>();
  let own: string | undefined;
  for (const [, comment, field] of text.matchAll(
    /\/\*\*\r?\n((?:\s*\*(?!\/).*\r?\n)+)\s*\*\/\r?\n\s*(?:export declare class|'([^']+)'\??:)/g,
  )) {
    const description = plain(comment.replace(/^\s*\* ?/gm, "").replace(/\r?\n/g, " "));
    if (field === undefined) own = description;
    else fields.set(field, description);
  }
  return { own, fields };
}

let methods: ReadonlyMap<string, ReadonlyMap<string, string>> | undefined;

/** What a parameter of a method of the core API's client means (`listNamespacedPod`, `limit`). */
export function parameterDescription(method: string, parameter: string): string | undefined {
  methods ??= collected().methods() ?? methodDescriptions(read("apis/CoreV1Api.d.ts") ?? "");
  return methods.get(method)?.get(parameter);
}

/** What all methods of the core API's client say of their parameters. */
export function methodsDescribed(): ReadonlyMap<string, ReadonlyMap<string, string>> {
  return methodDescriptions(read("apis/CoreV1Api.d.ts") ?? "");
}

function methodDescriptions(text: string): Map<string, Map<string, string>> {
  const found = new Map<string, Map<string, string>>();
  for (const [, comment, method] of text.matchAll(/\/\*\*\n((?:\s*\*(?!\/).*\n)+)\s*\*\/\n\s*(\w+)\(/g)) {
    if (found.has(method)) continue;
    const parameters = new Map<string, string>();
    for (const [, name, description] of comment.matchAll(/@param _?(\w+) (.*)/g)) {
      parameters.set(name, plain(description));
    }
    found.set(method, parameters);
  }
  return found;
}
