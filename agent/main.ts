/**
 * The node agent: a process of its own that runs the pods of one node. As `containerd DATA-DIR` it becomes the node's
 * containerd instead, so that one file is all that a machine needs of ours.
 */
import { Agent } from "./agent.ts";
import { agentOptions } from "./options.ts";
import { becomeContainerd } from "./runtime/containerd/become.ts";
import { OptionsError } from "./transport/flags.ts";

async function main(): Promise<void> {
  const [command, dataDir] = process.argv.slice(2);
  if (command === "containerd" && dataDir !== undefined) becomeContainerd(dataDir);
  const options = agentOptions(process.argv.slice(2));
  const agent = await Agent.open(options);
  const stop = (): void => {
    void agent.stop().then(() => process.exit(0));
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  await agent.start();
  console.log(`ready node=${options.nodeName}`);
}

main().catch((error: unknown) => {
  const expected = error instanceof OptionsError;
  console.error(expected ? error.message : `the agent can't run: ${(error as Error).stack ?? error}`);
  process.exit(expected ? 2 : 1);
});
