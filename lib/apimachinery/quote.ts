/** Values as Go writes them, which is how upstream's messages show what clients sent. */

const short: Readonly<Record<string, string>> = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  '"': '\\"',
  "\\": "\\\\",
};

/** Whether Go thinks that a character can be seen: of blanks, only the plain one. */
export const isPrintable = (character: string): boolean =>
  character === " " || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(character);

function escaped(character: string): string {
  const known = short[character];
  if (known !== undefined) return known;
  if (isPrintable(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  const hex = (length: number) => code.toString(16).padStart(length, "0");
  if (code < 0x20 || code === 0x7f) return `\\x${hex(2)}`;
  return code < 0x10000 ? `\\u${hex(4)}` : `\\U${hex(8)}`;
}

const unsafe: Readonly<Record<string, string>> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};

/** JSON as encoding/json writes it: safe inside of HTML. */
export const goJson = (value: unknown): string =>
  JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => unsafe[character]);

/** The text in quotes as `%q` has it; what cannot be seen is escaped. */
export function quote(text: string): string {
  // Nearly always there is nothing to escape.
  if (/^[ !#-[\]-~]*$/.test(text)) return `"${text}"`;
  return `"${[...text].map(escaped).join("")}"`;
}
