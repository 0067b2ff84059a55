/** The columns of tables, with what they mean. */
import { descriptionsOf } from "../../openapi/documents/descriptions.ts";
import { factsText } from "../../openapi/schema.ts";
import { columnPhrase } from "./column-phrases.ts";

/** metav1.TableColumnDefinition */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  readonly priority: number;
}

/** [name, type, format, priority] */
type Column = readonly [string, string, string, number];

/** Of kinds that upstream has no table for, as of custom resources. */
const plain: readonly Column[] = [
  ["Name", "string", "name", 0],
  ["Created At", "date", "", 0],
];
const plainFields = ["meta.v1.ObjectMeta.name", "meta.v1.ObjectMeta.creationTimestamp¶"];

let columns: Readonly<Record<string, readonly Column[]>> | undefined;
let fields: Readonly<Record<string, readonly string[]>> | undefined;
const known = new Map<string, readonly ColumnDefinition[]>();

/** Where the models' blanks do not tell what the line breaks were. */
const layouts: Readonly<Record<string, readonly [made: string, meant: string]>> = {
  "certificatesigningrequests/RequestedDuration": [":\n   1.", ":\n\n  1."],
  "csidrivers/TokenRequests": ["... }", "...\n}"],
  "prioritylevelconfigurations/NominalConcurrencyShares": ["(i)\n\n=", "(i)  ="],
};

/** Models have a blank for each line break: two end a paragraph, more begin a line that is indented. */
const withBreaks = (text: string) =>
  text.replace(/ {2,}/g, (blanks) => (blanks.length === 2 ? "\n\n" : `\n${blanks.slice(1)}`));

/** The text of a field. A mark at the reference's end: the blanks in a row are line breaks, not blanks. */
function fieldText(reference: string): string | undefined {
  if (reference === "") return undefined;
  const paragraphs = reference.endsWith("¶");
  const name = paragraphs ? reference.slice(0, -1) : reference;
  const dot = name.lastIndexOf(".");
  const text = descriptionsOf(name.slice(0, dot)).fields.get(name.slice(dot + 1));
  return paragraphs ? text && withBreaks(text) : text?.replaceAll("\n\n", "  ");
}

/** The columns of a resource (group "" is core's). */
export function columnsOf(group: string, version: string, resource: string): readonly ColumnDefinition[] {
  const id = `${group === "" ? "" : `${group}/`}${version}/${resource}`;
  let found = known.get(id);
  if (!found) {
    columns ??= JSON.parse(factsText("columns.json")) as Record<string, readonly Column[]>;
    fields ??= JSON.parse(factsText("column-fields.json")) as Record<string, readonly string[]>;
    const references = fields[id] ?? plainFields;
    found = (columns[id] ?? plain).map(([name, type, format, priority], index) => {
      const text = fieldText(references[index] ?? "") ?? columnPhrase(resource, name) ?? "";
      const [made, meant] = layouts[`${resource}/${name}`] ?? ["", ""];
      return { name, type, format, description: text.replace(made, meant), priority };
    });
    known.set(id, found);
  }
  return found;
}
