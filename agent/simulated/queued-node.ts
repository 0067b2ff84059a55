/** A simulated node that hears of its pods through an inbox and reports through the report queue. */

import type { Pod, PodCondition, PodStatus } from "../../lib/openapi/types/core-v1.ts";
import { pods } from "../../lib/openapi/types/resources.ts";
import { SqsTransport, type SqsTransportOptions } from "../transport/sqs.ts";
import { type SimulatedLink, SimulatedNode, type SimulatedNodeOptions } from "./node.ts";

/** What it is made with. */
export interface QueuedNodeOptions
  extends Omit<SimulatedNodeOptions, "link" | "client" | "name">,
    Omit<SqsTransportOptions, "log"> {}

const statusMs = 300_000;

/** One node with its transport. */
export class QueuedNode {
  readonly #options: QueuedNodeOptions;
  readonly #transport: SqsTransport;
  readonly #node: SimulatedNode;
  readonly #stopping = new AbortController();

  constructor(options: QueuedNodeOptions) {
    this.#options = options;
    const { nodeName: name, onError } = options;
    this.#transport = new SqsTransport({ ...options, log: (message) => onError(new Error(`${name}: ${message}`)) });
    this.#node = new SimulatedNode({ ...options, name, link: linkOf(this.#transport) });
  }

  /** Resolves when the node is registered and its pods are followed. Rejects where the API can't be reached. */
  async start(): Promise<void> {
    const node = this.#node;
    await node.register();
    this.#transport.start(node);
    await node.report();
    const query = { fieldSelector: `spec.nodeName=${this.#options.nodeName}` };
    const informer = this.#transport.informers.get(pods, query);
    informer.onChange(({ object, old }) => {
      if (object) node.podChanged(object);
      else if (old) {
        node.podGone(old.metadata.uid);
        this.#transport.statuses.remove(old.metadata.uid);
      }
    });
    await informer.synced;
    void this.#keepReporting();
  }

  /** Ends it; its Node stays in the API, and falls silent. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#node.stop();
    await this.#transport.stop();
  }

  async #keepReporting(): Promise<void> {
    const { clock, onError } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await clock.sleep(statusMs, signal);
      if (!signal.aborted) await this.#node.report().catch(onError);
    }
  }
}

/** A report holds whole statuses: parts are merged into what was said before. */
function linkOf(transport: SqsTransport): SimulatedLink {
  const { statuses, nodeAnnotations } = transport;
  const whole = (pod: Pod) => statuses.get(pod.metadata.uid) ?? pod.status ?? {};
  return {
    nodeAnnotations,
    async tellPod(pod, status) {
      statuses.set(pod, merged(whole(pod), status));
    },
    async endPod(pod) {
      statuses.set(pod, whole(pod));
      statuses.finish(pod);
    },
    tellNode: (node, status) => transport.reportNode(node, status),
  };
}

function merged(before: PodStatus, status: PodStatus): PodStatus {
  const conditions = new Map<string, PodCondition>();
  for (const one of [...(before.conditions ?? []), ...(status.conditions ?? [])]) conditions.set(one.type, one);
  return { ...before, ...status, conditions: [...conditions.values()] };
}
