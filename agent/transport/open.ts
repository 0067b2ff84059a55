/** Opens the transport that the options name. */
import { join } from "node:path";
import { systemClock, systemRandom } from "../../lib/apimachinery/clock.ts";
import { clusterIdOf } from "../../lib/apimachinery/cluster-id.ts";
import { createHttpClient, type HttpClient } from "../../lib/client/http.ts";
import type { AgentOptions } from "../options.ts";
import { DirectTransport } from "./direct.ts";
import { nextEpoch } from "./epoch.ts";
import type { SqsOptions } from "./flags.ts";
import { dateOf, ServerClock } from "./server-clock.ts";
import type { Queues } from "./sqs.ts";
import type { Transport } from "./transport.ts";

const userAgent = "coracle-agent";

/** The key that reports are signed with, where the report queue is an emulator's. */
const keyVariable = "CORACLE_REPORT_KEY";

/** Opens it; nothing is asked yet. Rejects where a file is missing or wrong. */
export async function openTransport(
  options: AgentOptions,
  log: (message: string, error?: unknown) => void,
): Promise<Transport> {
  const { kubeconfig, nodeName, dataDir, sqs } = options;
  if (sqs === undefined) {
    const client = createHttpClient({ kubeconfig, userAgent });
    return new DirectTransport({ client, clock: systemClock, nodeName, log });
  }
  // Loaded only here: an agent on one machine needs nothing of AWS.
  const { SqsTransport } = await import("./sqs.ts");
  return new SqsTransport({
    client: await openClient(sqs, kubeconfig, userAgent),
    queues: await openQueues(sqs, process.env[keyVariable]),
    clock: systemClock,
    random: systemRandom,
    cluster: sqs.cluster,
    nodeName,
    epoch: await nextEpoch(join(dataDir, "report-epoch"), systemClock.now()),
    log,
  });
}

/** The queues; `signingKey` is the node's, where the emulator of SQS does not say who sends. */
export async function openQueues(
  { region, reportQueue, endpoint }: SqsOptions,
  signingKey: string | undefined,
): Promise<Queues> {
  const { openAgentQueues } = await import("../../lib/aws/nodes/agent-queues.ts");
  return openAgentQueues({
    region,
    reportQueueUrl: reportQueue,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(signingKey ? { signingKey } : {}),
  });
}

/** A client with what the kubeconfig says, or with tokens of the machine's IAM role. */
export async function openClient(
  { region, api, stsEndpoint }: SqsOptions,
  kubeconfig: string | undefined,
  userAgent: string,
): Promise<HttpClient> {
  if (api === undefined) return createHttpClient({ kubeconfig, userAgent });
  const { stsTokens } = await import("../../lib/aws/sts-token.ts");
  const clock = new ServerClock(systemClock, () => dateOf(`${api}/version`));
  const tokens = stsTokens({
    clusterId: clusterIdOf(api),
    region,
    clock,
    ...(stsEndpoint === undefined ? {} : { endpoint: stsEndpoint }),
  });
  const tokenProvider = async () => {
    await clock.set();
    return tokens.token();
  };
  return createHttpClient({ server: api, userAgent, tokenProvider });
}
