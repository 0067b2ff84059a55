/** What LocalStack's functions did, from the lines that the executor writes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Deployment } from "../deployment.ts";

/** One invocation. */
export interface Invocation {
  /** `Api`, `Dispatch`, … */
  readonly function: string;
  /** When it began (ms). */
  readonly at: number;
  /** How long it took. */
  readonly ms: number;
  /** How long the process that it was the first of took to start; 0 of all others. */
  readonly initMs: number;
  readonly error: boolean;
}

/** All so far, in the order of their ends. Throws where LocalStack was running already. */
export function invocationsOf({ functionLogs }: Deployment): Invocation[] {
  if (functionLogs === undefined) throw new Error("only a LocalStack that the harness started tells of invocations");
  const lines = readFileSync(join(functionLogs, "invocations.jsonl"), "utf8").trim().split("\n");
  return lines.map((line) => {
    const invocation = JSON.parse(line);
    return { ...invocation, function: functionName(invocation.function) };
  });
}

/** A function's name in lib/cdk/functions.ts: its construct's id is in the middle of the name that it was given. */
export function functionName(name: string): string {
  return /Functions([A-Z][A-Za-z]*?)Func/.exec(name)?.[1] ?? name;
}
