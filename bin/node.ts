/** `coracle node setup`. */
import { setupNode } from "../lib/local/node-setup.ts";
import { UserError } from "../lib/local/user-error.ts";

const help = `coracle node setup: installs what a node needs (containerd, runc, CNI plugins, nftables, ...) by apt-get or dnf,
and says what it does. Needs root.`;

/** Runs it; the exit code. Throws UserError. */
export async function runNode(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) {
    console.log(help);
    return 0;
  }
  if (args.length !== 1 || args[0] !== "setup") {
    throw new UserError(`unknown: coracle node ${args.join(" ")}`.trimEnd(), "type: coracle node setup");
  }
  return setupNode({ say: (line) => console.log(line) }) ? 0 : 1;
}
