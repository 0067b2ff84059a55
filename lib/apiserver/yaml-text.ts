/**
 * YAML as upstream writes it: keys sorted, lists not indented, scalars broken at the first space beyond column 80
 * (upstream: sigs.k8s.io/yaml).
 */
import { parse, stringify } from "yaml";

/** Where the emitter begins to look for a space to break a line at. */
const bestWidth = 80;

/** What is neither printable nor a line break: such texts are quoted with escapes. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const special = /[\u0000-\u0009\u000b-\u001f\u007f-\u0084\u0086-\u009f\ufeff]/;

/** Whether YAML would read the bare text as a number, a boolean, a time or nothing. */
function isNoText(value: string): boolean {
  try {
    const read = parse(value, { version: "1.1" });
    if (read === null) return /^(?:~|null|Null|NULL)$/.test(value);
    return typeof read === "object" ? read instanceof Date : typeof read !== "string";
  } catch {
    return false;
  }
}

/** How one scalar is written without line breaks: bare, else in single quotes, or in double ones. */
function plainText(value: string): string {
  const written = stringify(value, { version: "1.1", lineWidth: 0 }).slice(0, -1);
  if (written === value) return value;
  if (value === "" || special.test(value) || value.includes("\n") || isNoText(value)) return JSON.stringify(value);
  return `'${value.replaceAll("'", "''")}'`;
}

/** Breaks a scalar on one line; `column` is where it begins. */
function folded(text: string, column: number, indent: string): string {
  const single = text.startsWith("'");
  if (text.startsWith('"') || column + text.length <= bestWidth) return text;
  let line = column;
  let result = "";
  for (let at = 0; at < text.length; at++) {
    const between = text[at] === " " && text[at - 1] !== " " && text[at + 1] !== " ";
    const inner = at > 1 && at < text.length - (single ? 2 : 1);
    if (between && inner && line > bestWidth) {
      result += `\n${indent}`;
      line = indent.length;
      continue;
    }
    result += text[at];
    line++;
  }
  return result;
}

/** A scalar at a column; texts of several lines are blocks. */
function scalar(value: unknown, column: number, indent: string): string {
  if (typeof value !== "string") return String(value);
  const isBlock = value.includes("\n") && !special.test(value) && !/ (?:\n|$)/.test(value);
  if (!isBlock) return folded(plainText(value), column, indent);
  const ends = /\n*$/.exec(value)?.[0].length ?? 0;
  const lines = (ends > 0 ? value.slice(0, -1) : value).split("\n");
  const head = `|${/^[ \n]/.test(value) ? "2" : ""}${ends === 0 ? "-" : ends > 1 ? "+" : ""}`;
  return [head, ...lines.map((line) => (line === "" ? "" : indent + line))].join("\n");
}

type Lines = readonly string[];

/** A value below a key or a dash, with what stands before it on the line. */
function entry(lead: string, value: unknown, indent: string): Lines {
  if (typeof value !== "object" || value === null) {
    return [`${lead} ${scalar(value, lead.length + 1, `${indent}  `)}`];
  }
  const size = Array.isArray(value) ? value.length : Object.keys(value).length;
  if (size === 0) return [`${lead} ${Array.isArray(value) ? "[]" : "{}"}`];
  if (lead.endsWith("-")) {
    const [first, ...rest] = linesOf(value, `${indent}  `);
    return [`${lead} ${first.trimStart()}`, ...rest];
  }
  return [lead, ...linesOf(value, Array.isArray(value) ? indent : `${indent}  `)];
}

function linesOf(value: object, indent: string): Lines {
  if (Array.isArray(value)) return value.flatMap((item) => entry(`${indent}-`, item, indent));
  const keys = Object.keys(value).sort((a, b) => (a < b ? -1 : 1));
  return keys.flatMap((key) => entry(`${indent}${plainText(key)}:`, (value as Record<string, unknown>)[key], indent));
}

/** The text of an object. */
export function yamlText(value: unknown): string {
  if (typeof value !== "object" || value === null) return `${scalar(value, 0, "")}\n`;
  return `${linesOf(value, "").join("\n")}\n`;
}
