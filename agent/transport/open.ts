/** Opens the transport that the options name. */
import { join } from "node:path";
import { systemClock, systemRandom } from "../../lib/apimachinery/clock.ts";
import { clusterIdOf } from "../../lib/apimachinery/cluster-id.ts";
import { createHttpClient, type HttpClient } from "../../lib/client/http.ts";
import type { AgentOptions, SqsOptions } from "../options.ts";
import { DirectTransport } from "./direct.ts";
import { nextEpoch } from "./epoch.ts";
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
  const { openAgentQueues } = await import("../../lib/aws/nodes/agent-queues.ts");
  const { SqsTransport } = await import("./sqs.ts");
  const signingKey = process.env[keyVariable];
  const queues = openAgentQueues({
    region: sqs.region,
    reportQueueUrl: sqs.reportQueue,
    ...(sqs.endpoint === undefined ? {} : { endpoint: sqs.endpoint }),
    ...(signingKey ? { signingKey } : {}),
  });
  return new SqsTransport({
    client: sqs.api === undefined ? createHttpClient({ kubeconfig, userAgent }) : await iamClient(sqs, sqs.api),
    queues,
    clock: systemClock,
    random: systemRandom,
    cluster: sqs.cluster,
    nodeName,
    epoch: await nextEpoch(join(dataDir, "report-epoch"), systemClock.now()),
    log,
  });
}

async function iamClient({ region, stsEndpoint }: SqsOptions, server: string): Promise<HttpClient> {
  const { stsTokens } = await import("../../lib/aws/sts-token.ts");
  const tokens = stsTokens({
    clusterId: clusterIdOf(server),
    region,
    ...(stsEndpoint === undefined ? {} : { endpoint: stsEndpoint }),
  });
  return createHttpClient({ server, userAgent, tokenProvider: () => tokens.token() });
}
