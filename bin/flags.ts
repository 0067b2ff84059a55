/** Reads command-line flags against a table, and says what is wrong and what to type. */
import { UserError } from "../lib/local/user-error.ts";

/** One flag. `value` names what it takes in the help; absent: it takes none. */
export interface Flag {
  readonly name: string;
  readonly value?: string;
  readonly help: string;
  /** Checks and converts; throws an Error that says what is allowed. Absent: the text itself. */
  readonly parse?: (text: string) => unknown;
  /** Shown in the help. */
  readonly fallback?: string;
}

/** The flags by name; those that take no value are true. */
export type Flags = Readonly<Record<string, unknown>>;

/** The flags of `args`, which may be `--name value` or `--name=value`. Throws UserError. */
export function parseFlags(command: string, table: readonly Flag[], args: readonly string[]): Flags {
  const flags: Record<string, unknown> = {};
  const advice = `type: coracle ${command} --help`;
  for (let index = 0; index < args.length; index++) {
    const arg = args[index];
    if (!arg.startsWith("--")) throw new UserError(`unexpected argument ${JSON.stringify(arg)}`, advice);
    const equals = arg.indexOf("=");
    const name = equals < 0 ? arg.slice(2) : arg.slice(2, equals);
    const flag = table.find((one) => one.name === name);
    if (!flag) throw new UserError(`unknown flag --${name}`, suggestion(command, table, name));
    if (name in flags) throw new UserError(`--${name} is given twice`, advice);
    if (flag.value === undefined) {
      if (equals >= 0) throw new UserError(`--${name} takes no value`, `type: coracle ${command} --${name}`);
      flags[name] = true;
      continue;
    }
    const text = equals < 0 ? args[++index] : arg.slice(equals + 1);
    if (text === undefined || text === "" || (equals < 0 && text.startsWith("--"))) {
      throw new UserError(`--${name} needs a value`, `type: coracle ${command} --${name} ${flag.value}`);
    }
    flags[name] = convert(command, flag, text);
  }
  return flags;
}

function convert(command: string, flag: Flag, text: string): unknown {
  try {
    return flag.parse ? flag.parse(text) : text;
  } catch (error) {
    const why = `--${flag.name} ${JSON.stringify(text)}: ${(error as Error).message}`;
    throw new UserError(why, `type: coracle ${command} --${flag.name} ${flag.value}`);
  }
}

function suggestion(command: string, table: readonly Flag[], name: string): string {
  const near = table.map((flag) => ({ name: flag.name, distance: distance(flag.name, name) }));
  const best = near.sort((a, b) => a.distance - b.distance)[0];
  if (best && best.distance <= Math.max(2, name.length / 3)) return `did you mean --${best.name}?`;
  return `type: coracle ${command} --help`;
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length];
}

/** A whole number within a range. */
export function integer(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < low || value > high) {
      throw new Error(`must be a whole number from ${low} to ${high}`);
    }
    return value;
  };
}

/** One of some words. */
export function oneOf(...words: string[]): (text: string) => string {
  return (text) => {
    if (!words.includes(text)) throw new Error(`must be ${words.join(" or ")}`);
    return text;
  };
}

/** The help of a command's flags, one a line. */
export function flagsHelp(table: readonly Flag[]): string {
  const heads = table.map((flag) => `  --${flag.name}${flag.value ? ` ${flag.value}` : ""}`);
  const width = Math.max(...heads.map((head) => head.length)) + 2;
  const line = (flag: Flag, head: string) =>
    `${head.padEnd(width)}${flag.help}${flag.fallback ? ` (${flag.fallback})` : ""}`;
  return table.map((flag, index) => line(flag, heads[index])).join("\n");
}
