/** Makes the process small: flags and an environment that Node.js and the C library read only at their start. */
import { flushCompileCache } from "node:module";
import { join } from "node:path";

/**
 * Megabytes, and per cent. By itself the young generation grows to 64 MB and the old one to a multiple of what is alive
 * in it; a control plane keeps 20 to 50 MB alive and is fast enough with little room. docs/performance.md has figures.
 */
const flags = [
  "--max-semi-space-size=1",
  "--initial-old-space-size=32",
  "--heap-growing-percent=30",
  "--optimize-for-size",
];

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

/** Keeps the modules that are loaded for later starts; does nothing where they are kept already. */
export function keepCompiled(): void {
  flushCompileCache();
}

/** Replaces the process by itself with those flags: the same pid, files and environment. Does not return then. */
export function becomeLean(): void {
  const command = leanCommand(process);
  // Not there on Windows, nor under a debugger's or a test's worker.
  if (command && process.execve && !process.send) process.execve(process.execPath, command.args, command.env);
}
