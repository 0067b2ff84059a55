/** Puts the Node into the API and keeps its status current (upstream: kubelet_node_status.go). */
import { type Clock, timeText } from "../../lib/apimachinery/clock.ts";
import { isAlreadyExists, isNotFound } from "../../lib/apimachinery/errors.ts";
import type { EventRecorder } from "../../lib/client/event-recorder.ts";
import type { Client } from "../../lib/client/interface.ts";
import type { Node, NodeStatus } from "../../lib/openapi/types/core-v1.ts";
import { nodes } from "../../lib/openapi/types/resources.ts";
import { conditionOf, differs } from "./node-status.ts";

/** What a node is registered with. */
export interface RegistrationOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  readonly nodeName: string;
  readonly labels: Record<string, string>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** The range of pod addresses it would have if nobody gave it one. */
  readonly podCidr?: string;
  /** The status now, given the conditions there were. */
  readonly status: (before: NonNullable<NodeStatus["conditions"]>) => Promise<NodeStatus>;
  /** Tells the status to the control plane; gives the Node as it then is, or will be. */
  readonly tell: (node: Node, status: NodeStatus) => Promise<Node>;
  readonly onError: (error: unknown) => void;
}

/** How often the machine is looked at. */
const lookMs = 10_000;
/** Written at least so often, even if nothing has changed. */
const reportMs = 300_000;
const retryMs = 1000;
/** Pauses between attempts to register double up to this, as upstream's do (ms). */
const maxRetryMs = 7000;

/** The node in the API. */
export class Registration {
  readonly #options: RegistrationOptions;
  #node: Node | undefined;
  #reportedAt = 0;
  #wake = new AbortController();

  constructor(options: RegistrationOptions) {
    this.#options = options;
  }

  /** The node as it was read or written last. */
  get node(): Node | undefined {
    return this.#node;
  }

  /** Creates the Node, or takes the one there is. Tries until the signal aborts. */
  async register(signal: AbortSignal): Promise<Node | undefined> {
    const { clock, onError } = this.#options;
    for (let delayMs = retryMs; !signal.aborted; delayMs = Math.min(2 * delayMs, maxRetryMs)) {
      try {
        this.#node = await this.#createOrGet();
        return this.#node;
      } catch (error) {
        onError(error);
        await clock.sleep(delayMs, signal);
      }
    }
    return undefined;
  }

  /** Keeps the status current until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, onError } = this.#options;
    const abort = () => this.#wake.abort();
    signal.addEventListener("abort", abort);
    while (!signal.aborted) {
      let delayMs = lookMs;
      // Before the look: what changes meanwhile has it look again.
      this.#wake = new AbortController();
      try {
        await this.report();
        // One that isn't ready is looked at more often: pods wait for it.
        if (conditionOf(this.#node, "Ready")?.status !== "True") delayMs = retryMs;
      } catch (error) {
        if (isNotFound(error)) this.#node = undefined;
        onError(error);
        delayMs = retryMs;
      }
      if (signal.aborted) return;
      await clock.sleep(delayMs, this.#wake.signal);
    }
  }

  /** Looks again now: something that the status shows has changed. */
  changed(): void {
    this.#wake.abort();
  }

  /** Somebody has read the Node; without `object`, the `old` one is gone. What is older than what is known is nothing. */
  seen({ object, old }: { readonly object?: Node; readonly old?: Node }): void {
    const known = this.#node;
    if (object === undefined) {
      if (known === undefined || old?.metadata.uid !== known.metadata.uid) return;
      this.#node = undefined;
    } else {
      if (Number(object.metadata.resourceVersion) <= Number(known?.metadata.resourceVersion ?? 0)) return;
      this.#node = object;
      // What this node has told may be on its way yet: only what nobody but the control plane says is news.
      if (known !== undefined && conditionOf(object, "Ready")?.status !== "Unknown") return;
    }
    this.changed();
  }

  /** Tells the status where it has changed, or has not been told for long. */
  async report(): Promise<void> {
    const { clock, nodeName, status, tell } = this.#options;
    this.#node ??= await this.#createOrGet();
    const now = await status(this.#node.status?.conditions ?? []);
    const node = this.#node;
    if (node === undefined) return this.report();
    if (!differs(node.status, { ...node.status, ...now }) && clock.now() - this.#reportedAt < reportMs) return;
    const was = conditionOf(node, "Ready")?.status;
    this.#node = await tell(node, now);
    this.#reportedAt = clock.now();
    const is = conditionOf(this.#node, "Ready")?.status;
    if (was === is) return;
    const reason = is === "True" ? "NodeReady" : "NodeNotReady";
    this.#options.recorder.event(this.#node, "Normal", reason, `Node ${nodeName} status is now: ${reason}`);
  }

  async #createOrGet(): Promise<Node> {
    const { client, nodeName, labels, annotations, podCidr, status } = this.#options;
    const found = await this.#get();
    if (found) return this.#reconcile(found);
    const spec = podCidr === undefined ? {} : { podCIDR: podCidr, podCIDRs: [podCidr] };
    const metadata = { name: nodeName, labels, ...(annotations === undefined ? {} : { annotations }) };
    try {
      return await client.create(nodes, { apiVersion: "v1", kind: "Node", metadata, spec, status: await status([]) });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      return await this.#reconcile(await client.get(nodes, { name: nodeName }));
    }
  }

  async #get(): Promise<Node | undefined> {
    try {
      return await this.#options.client.get(nodes, { name: this.#options.nodeName });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** The labels and annotations that are the agent's own are put right; so is a range that nobody has given. */
  async #reconcile(node: Node): Promise<Node> {
    const { client, nodeName, labels, annotations = {}, podCidr } = this.#options;
    const wrong = !includes(node.metadata.labels, labels) || !includes(node.metadata.annotations, annotations);
    const noRange = podCidr !== undefined && !node.spec?.podCIDR;
    if (!wrong && !noRange) return node;
    const patch = {
      ...(wrong ? { metadata: { labels, annotations } } : {}),
      ...(noRange ? { spec: { podCIDR: podCidr, podCIDRs: [podCidr] } } : {}),
    };
    return client.patch(nodes, { name: nodeName }, "strategic", patch);
  }
}

function includes(all: Readonly<Record<string, string>> = {}, some: Readonly<Record<string, string>>): boolean {
  return Object.entries(some).every(([key, value]) => all[key] === value);
}

/** The time as statuses have it. */
export const statusTime = (clock: Clock) => timeText(clock.now());
