/** Simulated nodes as a process: `node agent/simulated/main.ts --kubeconfig FILE --nodes N`. */
import { parseArgs } from "node:util";
import { systemClock, timeText } from "../../lib/apimachinery/clock.ts";
import { createHttpClient } from "../../lib/client/http.ts";
import { createInformers } from "../../lib/client/shared-informers.ts";
import { SimulatedNodes } from "./nodes.ts";

const usage =
  "usage: node agent/simulated/main.ts --kubeconfig FILE --nodes N [--prefix simulated-] [--start-delay-ms 0]\n" +
  "  [--cpu 32] [--memory 256Gi] [--max-pods 250]";

function fail(message: string): never {
  console.error(`${message}\n${usage}`);
  process.exit(2);
}

function flags() {
  const text = (fallback: string) => ({ type: "string", default: fallback }) as const;
  try {
    return parseArgs({
      options: {
        kubeconfig: { type: "string" },
        nodes: text("1"),
        prefix: text("simulated-"),
        "start-delay-ms": text("0"),
        cpu: text("32"),
        memory: text("256Gi"),
        "max-pods": text("250"),
      },
    }).values;
  } catch (error) {
    return fail((error as Error).message);
  }
}

async function main(): Promise<void> {
  const values = flags();
  const count = Number(values.nodes);
  if (!values.kubeconfig) fail("--kubeconfig is missing");
  if (!Number.isInteger(count) || count < 1 || count > 5000) fail("--nodes takes a whole number from 1 to 5000");
  const onError = (error: unknown) => console.error(`${timeText(systemClock.now())} ${(error as Error).message}`);
  const client = createHttpClient({ kubeconfig: values.kubeconfig, userAgent: "coracle-simulated-nodes" });
  const informers = createInformers({ client, onError });
  const simulated = new SimulatedNodes({
    client,
    informers,
    clock: systemClock,
    count,
    prefix: values.prefix,
    startDelayMs: Number(values["start-delay-ms"]),
    capacity: { cpu: values.cpu, memory: values.memory, pods: values["max-pods"], "ephemeral-storage": "1Ti" },
    onError,
  });
  const stop = () => {
    simulated.stop();
    process.exit(0);
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  await simulated.start();
  console.log(`ready nodes=${count}`);
}

main().catch((error: unknown) => {
  console.error(`simulated nodes can't run: ${(error as Error).stack ?? error}`);
  process.exit(1);
});
