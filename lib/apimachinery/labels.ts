/** Label selectors (upstream: apimachinery/pkg/labels, and metav1.LabelSelectorAsSelector). */
import { type FieldError, fieldErrorText, invalid, path } from "./validation/field.ts";
import { isQualifiedName, isValidLabelValue } from "./validation/names.ts";

/** The operators of a selector's text. */
export type SelectorOperator = "=" | "==" | "!=" | "in" | "notin" | "exists" | "!" | "gt" | "lt";

/** One requirement. */
export interface Requirement {
  readonly key: string;
  readonly operator: SelectorOperator;
  /** Sorted, each once. */
  readonly values: readonly string[];
}

/** metav1.LabelSelector. */
export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

type Labels = Readonly<Record<string, string>> | undefined;

/** All requirements must hold. */
export class Selector {
  readonly requirements: readonly Requirement[];
  /** Matches no object at all. */
  readonly nothing: boolean;

  constructor(requirements: readonly Requirement[], nothing = false) {
    this.requirements = [...requirements].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    this.nothing = nothing;
  }

  /** Whether it matches everything. */
  get empty(): boolean {
    return !this.nothing && this.requirements.length === 0;
  }

  matches(labels: Labels): boolean {
    return !this.nothing && this.requirements.every((requirement) => requirementMatches(requirement, labels ?? {}));
  }

  toString(): string {
    return this.requirements.map(requirementText).join(",");
  }
}

/** A selector that matches everything. */
export const everything = new Selector([]);
/** A selector that matches nothing. */
export const nothing = new Selector([], true);

function requirementMatches({ key, operator, values }: Requirement, labels: Readonly<Record<string, string>>): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "=":
    case "==":
    case "in":
      return value !== undefined && values.includes(value);
    case "!=":
    case "notin":
      return value === undefined || !values.includes(value);
    case "exists":
      return value !== undefined;
    case "!":
      return value === undefined;
    default: {
      if (value === undefined || !isInteger(value)) return false;
      const [left, right] = [BigInt(value), BigInt(values[0])];
      return operator === "gt" ? left > right : left < right;
    }
  }
}

const isInteger = (text: string) => /^[+-]?\d+$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);

function requirementText({ key, operator, values }: Requirement): string {
  if (operator === "exists") return key;
  if (operator === "!") return `!${key}`;
  if (operator === "in" || operator === "notin") return `${key} ${operator} (${values.join(",")})`;
  return `${key}${operator === "gt" ? ">" : operator === "lt" ? "<" : operator}${values.join(",")}`;
}

/** A requirement, checked. Throws an Error with upstream's text. */
function newRequirement(key: string, operator: SelectorOperator, values: readonly string[]): Requirement {
  const errors: FieldError[] = [];
  const [keyPath, valuesPath] = [path("key"), path("values")];
  const keyProblems = isQualifiedName(key);
  if (keyProblems.length > 0) errors.push(invalid(keyPath, key, keyProblems.join("; ")));
  if ((operator === "gt" || operator === "lt") && !isInteger(values[0] ?? "")) {
    errors.push(invalid(valuesPath.index(0), values[0], "for 'Gt', 'Lt' operators, the value must be an integer"));
  }
  for (const [index, value] of values.entries()) {
    const problems = isValidLabelValue(value);
    if (problems.length > 0) errors.push(invalid(valuesPath.index(index).key(key), value, problems.join("; ")));
  }
  if (errors.length > 0) throw new Error(aggregate(errors));
  return { key, operator, values: [...new Set(values)].sort() };
}

function aggregate(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map((error) => `${error.field}: ${fieldErrorText(error)}`))];
  return texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
}

type Token = { kind: "symbol" | "word" | "end" | "error"; text: string };

const symbols = ["==", "!=", ")", ",", "!", "=", ">", "<", "("];

function scan(text: string): Token[] {
  const tokens: Token[] = [];
  let index = 0;
  while (index < text.length) {
    const rest = text.slice(index);
    const space = /^[ \t\r\n]+/.exec(rest);
    if (space) {
      index += space[0].length;
      continue;
    }
    const symbol = symbols.find((candidate) => rest.startsWith(candidate));
    const token = symbol ?? (/^[^=!(),><\s]+/.exec(rest)?.[0] || rest[0]);
    tokens.push({ kind: symbol ? "symbol" : "word", text: token });
    index += token.length;
  }
  tokens.push({ kind: "end", text: "" });
  return tokens;
}

class Parser {
  readonly #tokens: Token[];
  #position = 0;
  constructor(text: string) {
    this.#tokens = scan(text);
  }

  #peek(): Token {
    return this.#tokens[Math.min(this.#position, this.#tokens.length - 1)];
  }

  #next(): Token {
    const token = this.#peek();
    this.#position++;
    return token;
  }

  #is(text: string): boolean {
    return this.#peek().kind === "symbol" && this.#peek().text === text;
  }

  parse(): Requirement[] {
    const requirements: Requirement[] = [];
    for (;;) {
      const token = this.#peek();
      if (token.kind === "end") return requirements;
      if (token.kind !== "word" && !this.#is("!")) {
        throw new Error(`found '${token.text}', expected: !, identifier, or 'end of string'`);
      }
      requirements.push(this.#wrapped());
      const after = this.#next();
      if (after.kind === "end") return requirements;
      if (after.kind !== "symbol" || after.text !== ",") {
        throw new Error(`found '${after.text}', expected: ',' or 'end of string'`);
      }
      if (this.#peek().kind !== "word" && !this.#is("!")) {
        throw new Error(`found '${this.#peek().text}', expected: identifier after ','`);
      }
    }
  }

  #wrapped(): Requirement {
    try {
      return this.#requirement();
    } catch (error) {
      throw new Error(`unable to parse requirement: ${(error as Error).message}`);
    }
  }

  #requirement(): Requirement {
    const negated = this.#is("!");
    if (negated) this.#next();
    const key = this.#next();
    if (key.kind !== "word") throw new Error(`found '${key.text}', expected: identifier`);
    const problems = isQualifiedName(key.text);
    if (problems.length > 0) {
      throw new Error(aggregate([invalid(path(), key.text, problems.join("; "))]));
    }
    if (this.#peek().kind === "end" || this.#is(",")) return newRequirement(key.text, negated ? "!" : "exists", []);
    if (negated) return newRequirement(key.text, "!", []);
    const operator = this.#operator();
    const values = operator === "in" || operator === "notin" ? this.#values() : this.#exactValue();
    return newRequirement(key.text, operator, values);
  }

  #operator(): SelectorOperator {
    const { kind, text } = this.#next();
    if (kind === "symbol") {
      if (text === "=" || text === "==" || text === "!=") return text;
      if (text === ">") return "gt";
      if (text === "<") return "lt";
    }
    if (kind === "word" && (text === "in" || text === "notin")) return text;
    throw new Error(`found '${text}', expected: in, notin, =, ==, !=, gt, lt`);
  }

  #values(): string[] {
    const open = this.#next();
    if (open.kind !== "symbol" || open.text !== "(") throw new Error(`found '${open.text}' expected: '('`);
    if (this.#is(")")) {
      this.#next();
      return [""];
    }
    const first = this.#peek();
    if (first.kind !== "word" && !this.#is(",")) {
      throw new Error(`found '${first.text}', expected: ',', ')' or identifier`);
    }
    const values = this.#identifiers();
    const close = this.#next();
    if (close.kind !== "symbol" || close.text !== ")") throw new Error(`found '${first.text}', expected: ')'`);
    return values;
  }

  #identifiers(): string[] {
    const values: string[] = [];
    for (;;) {
      const token = this.#next();
      if (token.kind === "word") {
        values.push(token.text);
        if (this.#is(")")) return values;
        if (!this.#is(",")) throw new Error(`found '${this.#peek().text}', expected: ',' or ')'`);
      } else if (token.kind === "symbol" && token.text === ",") {
        if (values.length === 0) values.push("");
        if (this.#is(")")) return [...values, ""];
        if (this.#is(",")) values.push("");
      } else throw new Error(`found '${token.text}', expected: ',', or identifier`);
    }
  }

  #exactValue(): string[] {
    if (this.#peek().kind === "end" || this.#is(",")) return [""];
    const token = this.#next();
    if (token.kind !== "word") throw new Error(`found '${token.text}', expected: identifier`);
    return [token.text];
  }
}

/** The parsed selector. Throws an Error with upstream's text. */
export function parseSelector(text: string): Selector {
  return new Selector(new Parser(text).parse());
}

/** Exactly these labels; none: everything. */
export function selectorFromSet(labels: Readonly<Record<string, string>> | undefined): Selector {
  return new Selector(Object.entries(labels ?? {}).map(([key, value]) => ({ key, operator: "=", values: [value] })));
}

const operators: Record<string, SelectorOperator> = { In: "in", NotIn: "notin", Exists: "exists", DoesNotExist: "!" };

/** metav1.LabelSelector as a selector: absent matches nothing, an empty one everything. Throws for an unknown operator. */
export function labelSelectorAsSelector(selector: LabelSelector | undefined): Selector {
  if (selector === undefined) return nothing;
  const requirements: Requirement[] = [...selectorFromSet(selector.matchLabels).requirements];
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const known = operators[operator];
    if (known === undefined) throw new Error(`"${operator}" is not a valid label selector operator`);
    requirements.push(newRequirement(key, known, values ?? []));
  }
  return new Selector(requirements);
}
