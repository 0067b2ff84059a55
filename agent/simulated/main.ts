/** Simulated nodes as a process: `node agent/simulated/main.ts --kubeconfig FILE --nodes N`. */
import { parseArgs } from "node:util";
import { systemClock, systemRandom, timeText } from "../../lib/apimachinery/clock.ts";
import { createHttpClient } from "../../lib/client/http.ts";
import { createInformers } from "../../lib/client/shared-informers.ts";
import { nodeReportKey } from "../../lib/nodes/sender.ts";
import { OptionsError, type SqsOptions, sqsOptions, transportFlags, transportUsage } from "../transport/flags.ts";
import { SimulatedNodes } from "./nodes.ts";
import { QueuedNode } from "./queued-node.ts";

const usage =
  "usage: node agent/simulated/main.ts --kubeconfig FILE --nodes N [--prefix simulated-] [--start-delay-ms 0]\n" +
  `  [--cpu 32] [--memory 256Gi] [--max-pods 250]\n${transportUsage}`;

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
        ...transportFlags,
      },
    }).values;
  } catch (error) {
    return fail((error as Error).message);
  }
}

const userAgent = "coracle-simulated-nodes";
/** Of an emulator of SQS: the secret that nodes' signing keys are made from. */
const secretVariable = "REPORT_SENDER_KEY";

type Flags = ReturnType<typeof flags>;

/** Many nodes, and how to end them. */
interface Running {
  start(): Promise<void>;
  stop(): void;
}

/** What all of them have in common. */
function common(values: Flags) {
  return {
    clock: systemClock,
    startDelayMs: Number(values["start-delay-ms"]),
    capacity: { cpu: values.cpu, memory: values.memory, pods: values["max-pods"], "ephemeral-storage": "1Ti" },
    onError: (error: unknown) => console.error(`${timeText(systemClock.now())} ${(error as Error).message}`),
  };
}

/** Over one watch of all pods. */
function directNodes(values: Flags, count: number): Running {
  const shared = common(values);
  const client = createHttpClient({ kubeconfig: values.kubeconfig, userAgent });
  const informers = createInformers({ client, onError: shared.onError });
  return new SimulatedNodes({ ...shared, client, informers, count, prefix: values.prefix });
}

/** Each with an inbox of its own. */
async function queuedNodes(values: Flags, count: number, sqs: SqsOptions): Promise<Running> {
  const { openClient, openQueues } = await import("../transport/open.ts");
  const client = await openClient(sqs, values.kubeconfig, userAgent);
  const secret = process.env[secretVariable];
  const nodes: QueuedNode[] = [];
  for (let index = 0; index < count; index++) {
    const nodeName = `${values.prefix}${index}`;
    const queues = await openQueues(sqs, secret && nodeReportKey(secret, nodeName));
    const epoch = systemClock.now();
    const own = { client, queues, random: systemRandom, cluster: sqs.cluster, nodeName, epoch, index };
    nodes.push(new QueuedNode({ ...common(values), ...own }));
  }
  return {
    async start() {
      await Promise.all(nodes.map((node) => node.start()));
    },
    stop() {
      for (const node of nodes) void node.stop();
    },
  };
}

async function main(): Promise<void> {
  const values = flags();
  const count = Number(values.nodes);
  if (!Number.isInteger(count) || count < 1 || count > 5000) fail("--nodes takes a whole number from 1 to 5000");
  const sqs = sqsOptions(values, usage);
  if (!values.kubeconfig && sqs?.api === undefined) fail("--kubeconfig is missing");
  const simulated = sqs === undefined ? directNodes(values, count) : await queuedNodes(values, count, sqs);
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
  const expected = error instanceof OptionsError;
  console.error(expected ? error.message : `simulated nodes can't run: ${(error as Error).stack ?? error}`);
  process.exit(expected ? 2 : 1);
});
