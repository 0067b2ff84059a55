/** Reading and writing of scalars as Go's JSON package and the API's own types do it. */
import { parseQuantity } from "../apimachinery/quantity.ts";

/** A value that the API cannot read; the message is upstream's. */
export class DecodeError extends Error {
  override name = "DecodeError";
}

/** What Go calls the kind of a JSON value; a number is shown where that tells more. */
export function jsonKind(value: unknown, showNumber = false): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return showNumber ? `number ${value}` : "number";
  return typeof value === "string" ? "string" : "object";
}

const timeLayout = "2006-01-02T15:04:05Z07:00";
const timeParts: [RegExp, string][] = [
  [/^\d{4}/, "2006"],
  [/^-/, "-"],
  [/^(0[1-9]|1[0-2])/, "01"],
  [/^-/, "-"],
  [/^(0[1-9]|[12]\d|3[01])/, "02"],
  [/^T/, "T"],
  [/^([01]\d|2[0-3])/, "15"],
  [/^:/, ":"],
  [/^[0-5]\d/, "04"],
  [/^:/, ":"],
  [/^[0-5]\d([.,]\d+)?/, "05"],
  [/^(Z|[+-]\d\d:\d\d)/, "Z07:00"],
];

const microTimeLayout = "2006-01-02T15:04:05.000000Z07:00";
// The layout asks for its six digits, so the second does not take a fraction of its own.
const microTimeParts: [RegExp, string][] = [
  ...timeParts.slice(0, -2),
  [/^[0-5]\d/, "05"],
  [/^[.,]\d{6}/, ".000000"],
  [/^(Z|[+-]\d\d:\d\d)/, "Z07:00"],
];

/** Milliseconds since the epoch and the digits of the second's fraction. Throws DecodeError with Go's text. */
function parseTime(text: string, parts = timeParts, layout = timeLayout): { ms: number; fraction: string } {
  let rest = text;
  for (const [pattern, part] of parts) {
    const match = pattern.exec(rest);
    if (!match) {
      const where = `cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(part)}`;
      throw new DecodeError(`parsing time ${JSON.stringify(text)} as ${JSON.stringify(layout)}: ${where}`);
    }
    rest = rest.slice(match[0].length);
  }
  if (rest !== "") {
    throw new DecodeError(`parsing time ${JSON.stringify(text)}: extra text: ${JSON.stringify(rest)}`);
  }
  const ms = Date.parse(text.replace(",", "."));
  if (Number.isNaN(ms) || new Date(`${text.slice(0, 10)}T00:00:00Z`).getUTCDate() !== Number(text.slice(8, 10))) {
    throw new DecodeError(`parsing time ${JSON.stringify(text)}: day out of range`);
  }
  return { ms, fraction: /[.,](\d+)/.exec(text)?.[1] ?? "" };
}

const plainTime = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;

/** metav1.Time: seconds, in UTC. */
export function readTime(text: string): string {
  if (plainTime.test(text)) return text;
  return `${new Date(parseTime(text).ms).toISOString().slice(0, 19)}Z`;
}

/** metav1.MicroTime: exactly six digits of the second's fraction, in UTC. */
export function readMicroTime(text: string): string {
  const { ms, fraction } = parseTime(text, microTimeParts, microTimeLayout);
  return `${new Date(ms).toISOString().slice(0, 19)}.${fraction}Z`;
}

const plainQuantity = /^([1-9]\d{0,2}|0)(m|Mi|Gi)?$/;

/** A quantity in its canonical form. */
export function readQuantity(value: string | number): string {
  const text = String(value);
  if (plainQuantity.test(text) && text !== "0m" && !/^0(Mi|Gi)/.test(text)) return text;
  try {
    return parseQuantity(text.trim()).toString();
  } catch (error) {
    throw new DecodeError((error as Error).message);
  }
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Checks standard base64 with padding; line breaks are dropped as Go drops them. */
export function readBase64(text: string): string {
  const compact = text.replace(/[\r\n]/g, "");
  if (base64.test(compact)) return compact;
  const wrong = /[^A-Za-z0-9+/]/.exec(compact)?.index ?? compact.length;
  throw new DecodeError(
    `illegal base64 data at input byte ${Math.min(wrong, Math.max(0, compact.length - 1) || wrong)}`,
  );
}
