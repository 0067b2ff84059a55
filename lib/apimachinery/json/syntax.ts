/**
 * What JSON.parse does not tell: how Go words a syntax error, which keys stand twice, and whether the text nests deeper
 * than a function that calls itself for each level can follow. Each reads the text once more, so they are called only
 * where they are needed.
 */

const quoted = (character: string): string => {
  if (character === "'") return `'\\''`;
  if (character === '"') return `'"'`;
  // Go looks at bytes: the first one of a longer character is shown as if it were one.
  if (character > "\x7f") return `'${String.fromCharCode(Buffer.from(character)[0])}'`;
  const text = JSON.stringify(character);
  return `'${text.slice(1, -1)}'`;
};

class Scanner {
  readonly #text: string;
  index = 0;
  constructor(text: string) {
    this.#text = text;
  }

  space(): void {
    while (" \t\r\n".includes(this.#text[this.index] ?? "x")) this.index++;
  }

  /** The next character, blanks skipped; throws where the text ends. */
  next(): string {
    this.space();
    return this.raw();
  }

  raw(): string {
    if (this.index >= this.#text.length) throw new Error("unexpected end of JSON input");
    return this.#text[this.index++];
  }

  fail(character: string, where: string): never {
    throw new Error(`invalid character ${quoted(character)} ${where}`);
  }

  value(character = this.next()): void {
    const word = ["true", "false", "null"].find((one) => one[0] === character);
    if (character === "{") this.object();
    else if (character === "[") this.array();
    else if (character === '"') this.string();
    else if (character === "-" || (character >= "0" && character <= "9")) this.number(character);
    else if (word) this.word(word);
    else this.fail(character, "looking for beginning of value");
  }

  word(word: string): void {
    for (const expected of word.slice(1)) {
      const character = this.raw();
      if (character !== expected) this.fail(character, `in literal ${word} (expecting ${quoted(expected)})`);
    }
  }

  string(): void {
    for (;;) {
      const character = this.raw();
      if (character === '"') return;
      if (character < " ") this.fail(character, "in string literal");
      if (character !== "\\") continue;
      const escaped = this.raw();
      if (escaped === "u") {
        for (let digit = 0; digit < 4; digit++) {
          const hex = this.raw();
          if (!/[0-9a-fA-F]/.test(hex)) this.fail(hex, "in \\u hexadecimal character escape");
        }
      } else if (!'"\\/bfnrt'.includes(escaped)) this.fail(escaped, "in string escape code");
    }
  }

  number(first: string): void {
    let character = first;
    const peek = () => this.#text[this.index] ?? "";
    const digits = (where: string) => {
      const digit = this.raw();
      if (!/\d/.test(digit)) this.fail(digit, where);
      while (/\d/.test(peek())) this.index++;
    };
    if (character === "-") {
      character = this.raw();
      if (!/\d/.test(character)) this.fail(character, "in numeric literal");
    }
    if (character !== "0") while (/\d/.test(peek())) this.index++;
    if (peek() === ".") {
      this.index++;
      digits("after decimal point in numeric literal");
    }
    if (peek() === "e" || peek() === "E") {
      this.index++;
      if (peek() === "+" || peek() === "-") this.index++;
      digits("in exponent of numeric literal");
    }
  }

  object(): void {
    let character = this.next();
    if (character === "}") return;
    for (;;) {
      if (character !== '"') this.fail(character, "looking for beginning of object key string");
      this.string();
      character = this.next();
      if (character !== ":") this.fail(character, "after object key");
      this.value();
      character = this.next();
      if (character === "}") return;
      if (character !== ",") this.fail(character, "after object key:value pair");
      character = this.next();
    }
  }

  array(): void {
    let character = this.next();
    if (character === "]") return;
    for (;;) {
      this.value(character);
      character = this.next();
      if (character === "]") return;
      if (character !== ",") this.fail(character, "after array element");
      character = this.next();
    }
  }

  end(): void {
    this.space();
    if (this.index < this.#text.length) this.fail(this.#text[this.index], "after top-level value");
  }
}

/** How deep objects and arrays may lie in each other. Go stops at 10,000; no kind has a use for a hundred. */
export const maxNesting = 1_000;

/** Go's text for a text that nests too deeply; undefined where it does not. The text need not be good JSON. */
export function nestingError(text: string): string | undefined {
  let depth = 0;
  for (let index = 0; text.length > maxNesting && index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x22) {
      index = stringEnd(text, index + 1);
      if (index < 0) return undefined;
    } else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > maxNesting) return `invalid character ${quoted(text[index])} exceeded max depth`;
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
  return undefined;
}

/** Go's text for what is wrong with a text that JSON.parse has refused. */
export function syntaxErrorText(text: string): string {
  const scanner = new Scanner(text);
  try {
    scanner.value();
    scanner.end();
  } catch (error) {
    return (error as Error).message;
  }
  return "unexpected end of JSON input";
}

/**
 * The paths of keys that stand twice or more in one object (`metadata.labels.a`, `spec.containers[0].name`), each once.
 * The text must be good JSON.
 */
export function duplicateKeys(text: string): string[] {
  const found = new Set<string>();
  const names: (string | number)[] = [];
  const keys: (Set<string> | undefined)[] = [];
  let expectKey = false;
  for (let index = 0; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case 0x22: {
        const end = stringEnd(text, index + 1);
        if (expectKey) {
          const raw = text.slice(index + 1, end);
          const key: string = raw.includes("\\") ? JSON.parse(`"${raw}"`) : raw;
          names[names.length - 1] = key;
          const seen = keys[keys.length - 1];
          if (seen?.has(key)) found.add(pathText(names));
          seen?.add(key);
          expectKey = false;
        }
        index = end;
        break;
      }
      case 0x7b:
        keys.push(new Set());
        names.push("");
        expectKey = true;
        break;
      case 0x5b:
        keys.push(undefined);
        names.push(0);
        break;
      case 0x7d:
      case 0x5d:
        keys.pop();
        names.pop();
        expectKey = false;
        break;
      case 0x2c: {
        const last = names[names.length - 1];
        if (typeof last === "number") names[names.length - 1] = last + 1;
        else expectKey = true;
        break;
      }
    }
  }
  return [...found];
}

/** The index of the quote that ends a string; -1 where none does. */
function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start);
  for (;;) {
    if (end < 0) return end;
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
}

function pathText(names: readonly (string | number)[]): string {
  let text = "";
  for (const name of names) {
    if (typeof name === "number") text += `[${name}]`;
    else text += text === "" ? name : `.${name}`;
  }
  return text;
}
