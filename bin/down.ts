/** `coracle down`. */
import { down } from "../lib/local/down.ts";
import { type Flag, flagsHelp, parseFlags } from "./flags.ts";

const flags: readonly Flag[] = [
  { name: "data-dir", value: "DIR", help: "the folder that up was given", fallback: ".coracle" },
  { name: "help", help: "this text" },
];

/** Runs it; the exit code. Throws UserError. */
export async function runDown(args: readonly string[]): Promise<number> {
  const given = parseFlags("down", flags, args);
  if (given.help) {
    console.log(`coracle down: removes everything that up has made, pods and data too.\n\n${flagsHelp(flags)}`);
    return 0;
  }
  await down((given["data-dir"] as string) ?? ".coracle", (line) => console.log(line));
  return 0;
}
