/** The recorded cases: requests, and what kube-apiserver v1.36.3 answered. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One request of a case. Texts may hold `{ns}` and variables that earlier answers were saved to. */
export interface Step {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  /** The body's text where it is no JSON. */
  readonly raw?: string;
  /** null: no Content-Type. */
  readonly type: string | null;
  readonly accept: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** Variable → dotted path in the answer. */
  readonly save: Readonly<Record<string, string>>;
  readonly watch: boolean;
  /** Compare these paths alone. */
  readonly only?: readonly string[];
  /** Leave these paths out. */
  readonly drop: readonly string[];
  /** Compare the answer as text. */
  readonly text: boolean;
}

/** One recorded answer. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly warnings: readonly string[];
  readonly body: unknown;
}

/** One behaviour. */
export interface Case {
  readonly area: string;
  readonly name: string;
  /** Whether managedFields are compared. */
  readonly managed: boolean;
  readonly setup: readonly Step[];
  readonly steps: readonly Step[];
  readonly cleanup: readonly Step[];
  readonly want: readonly Answer[];
}

const folder = join(import.meta.dirname, "../golden/corpus");

/** The areas. */
export function areas(): string[] {
  return readdirSync(folder).map((file) => file.replace(".jsonl", ""));
}

function expand(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(expand);
  if (typeof value !== "object" || value === null) return value;
  const { $repeat, $items, before, after } = value as Record<string, unknown>;
  if ($repeat) {
    const [character, count] = $repeat as [string, number];
    return `${before}${character.repeat(count)}${expand(after)}`;
  }
  if ($items) {
    const [item, count] = $items as [unknown, number];
    return Array.from({ length: count }, () => expand(item));
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, expand(one)]));
}

/** What a step is where nothing else is said. */
export const usualStep: Omit<Step, "method" | "path"> = {
  type: "application/json",
  accept: "application/json",
  headers: {},
  save: {},
  drop: [],
  watch: false,
  text: false,
};

const step = (short: unknown): Step => ({
  ...usualStep,
  ...(expand(short) as Partial<Step> & Pick<Step, "method" | "path">),
});

/** The cases of an area, in order: some set up what later ones see. */
export function cases(area: string): Case[] {
  const lines = readFileSync(join(folder, `${area}.jsonl`), "utf8")
    .trim()
    .split("\n");
  return lines.map((line) => {
    const { name, managed = false, setup = [], steps, cleanup = [], want } = JSON.parse(line);
    const expanded = expand(want) as Answer[];
    return {
      area,
      name,
      managed,
      setup: setup.map(step),
      steps: steps.map(step),
      cleanup: cleanup.map(step),
      want: expanded,
    };
  });
}
