#!/usr/bin/env node
/** The command line. */
import { UserError } from "../lib/local/user-error.ts";
import { flagsHelp } from "./flags.ts";
import { becomeLean, settle } from "./lean-process.ts";
import { parseUp, upFlags } from "./up-flags.ts";

const usage = `Coracle: the Kubernetes control plane that costs nothing while nobody uses it.

  coracle up [flags]       run a cluster on this machine, in the foreground
  coracle down [flags]     remove everything that up has made
  coracle kubeconfig       write a kubeconfig for a cluster in AWS
  coracle node setup       install what this machine needs to run a node
  coracle version          the version

Type coracle COMMAND --help for a command's flags.`;

const commands: Record<string, (args: string[]) => Promise<number>> = {
  up: runUp,
  down: async (args) => (await import("./down.ts")).runDown(args),
  kubeconfig: async (args) => (await import("./kubeconfig.ts")).runKubeconfig(args),
  node: async (args) => (await import("./node.ts")).runNode(args),
  async version() {
    const { kubernetesVersion } = await import("../lib/apiserver/version.ts");
    console.log(`coracle 0.1.0, Kubernetes ${kubernetesVersion}`);
    return 0;
  },
};

async function runUp(args: string[]): Promise<number> {
  if (args.includes("--help")) {
    console.log(`coracle up: a cluster on this machine, until Ctrl-C; pods stay.\n\n${flagsHelp(upFlags)}`);
    return 0;
  }
  const options = parseUp(args);
  becomeLean();
  const ended = new Promise<void>((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
  });
  const { up } = await import("../lib/local/up.ts");
  const cluster = await up(options, (line) => console.error(line));
  console.log(`ready ${cluster.url} kubeconfig=${cluster.kubeconfig}`);
  settle();
  await ended;
  await cluster.stop();
  return 0;
}

async function main(): Promise<number> {
  const [name, ...args] = process.argv.slice(2);
  if (name === undefined || name === "help" || name === "--help") {
    console.log(usage);
    return name === undefined ? 2 : 0;
  }
  const command = commands[name];
  if (!command) throw new UserError(`unknown command ${JSON.stringify(name)}`, "type: coracle help");
  return command(args);
}

try {
  process.exit(await main());
} catch (error) {
  if (error instanceof UserError) console.error(`coracle: ${error.message}; ${error.advice}`);
  else console.error("coracle:", error);
  process.exit(error instanceof UserError ? 2 : 1);
}
