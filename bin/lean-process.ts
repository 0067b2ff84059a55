/** Makes the process small: flags and an environment that Node.js and the C library read only at their start. */
import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";

/**
 * Megabytes, and per cent. By itself the young generation grows to 64 MB and the old one to a multiple of what is alive
 * in it; a control plane keeps 20 to 50 MB alive and is fast enough with little room. docs/performance.md has figures.
 */
const flags = ["--max-semi-space-size=2", "--initial-old-space-size=32", "--heap-growing-percent=30"];

const environment = {
  /** The C library keeps a pool of freed memory for each of many threads. */
  MALLOC_ARENA_MAX: "2",
  /** Modules without their types, and compiled: what strips types is never loaded, which takes 18 MB and half of a start. */
  NODE_COMPILE_CACHE: join(import.meta.dirname, "../node_modules/.cache/coracle"),
};

/** What the process is to be replaced by; undefined where it is small already, or cannot be replaced. */
export function leanCommand({
  execPath,
  execArgv,
  argv,
  env,
}: Pick<NodeJS.Process, "execPath" | "execArgv" | "argv" | "env">):
  | { args: string[]; env: NodeJS.ProcessEnv }
  | undefined {
  // Whoever sets the first flag to something else is let.
  if ([...execArgv, ...(env.NODE_OPTIONS ?? "").split(" ")].some((flag) => flag.startsWith("--max-semi-space-size"))) {
    return undefined;
  }
  return { args: [execPath, ...flags, ...execArgv, ...argv.slice(1)], env: { ...environment, ...env } };
}

/**
 * To be called when everything is loaded. Keeps the modules for later starts, unless they are kept already; then has
 * the garbage collector prefer little room. Given at the start this flag would also halve the young generation, which
 * makes lists cost twice as much; given before the modules are kept, they would be of no use, as they hold for the
 * flags that they were compiled with.
 */
export function settle(): void {
  flushCompileCache();
  setFlagsFromString("--optimize-for-size");
}

/** Replaces the process by itself with those flags: the same pid, files and environment. Does not return then. */
export function becomeLean(): void {
  const command = leanCommand(process);
  // Not there on Windows, nor under a debugger's or a test's worker.
  if (command && process.execve && !process.send) process.execve(process.execPath, command.args, command.env);
}
