/** The node agent: a process of its own that runs the pods of one node. */
import { Agent } from "./agent.ts";
import { agentOptions, OptionsError } from "./options.ts";

async function main(): Promise<void> {
  const options = agentOptions(process.argv.slice(2));
  const agent = new Agent(options);
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
