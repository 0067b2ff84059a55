/** Field selectors (upstream: apimachinery/pkg/fields). */

/** One term. */
export interface FieldRequirement {
  readonly field: string;
  readonly operator: "=" | "!=";
  readonly value: string;
}

/** All terms must hold; a field that is absent counts as "". */
export class FieldSelector {
  readonly requirements: readonly FieldRequirement[];
  constructor(requirements: readonly FieldRequirement[]) {
    this.requirements = requirements;
  }

  get empty(): boolean {
    return this.requirements.length === 0;
  }

  matches(fields: Readonly<Record<string, string>>): boolean {
    return this.requirements.every(
      ({ field, operator, value }) => ((fields[field] ?? "") === value) === (operator === "="),
    );
  }

  /** The value that a field must have, if the selector demands one. */
  exactMatch(field: string): string | undefined {
    return this.requirements.find((term) => term.field === field && term.operator === "=")?.value;
  }

  toString(): string {
    return this.requirements.map(({ field, operator, value }) => `${field}${operator}${escapeValue(value)}`).join(",");
  }
}

/** A value as it stands in a selector's text. */
export function escapeValue(value: string): string {
  return value.replace(/[\\,=]/g, (character) => `\\${character}`);
}

function unescapeValue(text: string): string {
  let value = "";
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === "\\") {
      const next = text[++index];
      if (next === undefined) throw new Error("invalid field selector: invalid escape sequence: \\");
      if (!"\\,=".includes(next)) throw new Error(`invalid field selector: invalid escape sequence: \\${next}`);
      value += next;
    } else if (character === "," || character === "=") {
      throw new Error(`invalid field selector: unescaped character in value: ${character.charCodeAt(0)}`);
    } else value += character;
  }
  return value;
}

/** The parts between commas that are not escaped. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    if (text[index] === "\\") index++;
    else if (text[index] === ",") {
      terms.push(text.slice(start, index));
      start = index + 1;
    }
  }
  return [...terms, text.slice(start)];
}

/** The parsed selector. Throws an Error with upstream's text. */
export function parseFieldSelector(text: string): FieldSelector {
  if (text === "") return new FieldSelector([]);
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text).sort()) {
    if (term === "") continue;
    const match = /^(.*?)(!=|==|=)(.*)$/s.exec(term);
    if (!match) throw new Error(`invalid selector: '${text}'; can't understand '${term}'`);
    requirements.push({ field: match[1], operator: match[2] === "!=" ? "!=" : "=", value: unescapeValue(match[3]) });
  }
  return new FieldSelector(requirements);
}
