/** Many simulated nodes over one watch of pods. */
import type { Clock } from "../../lib/apimachinery/clock.ts";
import type { Informers } from "../../lib/client/informer.ts";
import type { Client } from "../../lib/client/interface.ts";
import { renewLease } from "../../lib/nodes/lease.ts";
import type { Lease } from "../../lib/openapi/types/coordination-v1.ts";
import { pods } from "../../lib/openapi/types/resources.ts";
import { SimulatedNode } from "./node.ts";

/** How many nodes, and of what size. */
export interface SimulatedNodesOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly count: number;
  readonly prefix: string;
  readonly startDelayMs: number;
  readonly capacity: Readonly<Record<string, string>>;
  readonly onError: (error: unknown) => void;
}

const renewMs = 10_000;
const statusMs = 300_000;
/** Nodes registered or renewed at once. */
const parallel = 20;

/** Runs the nodes. */
export class SimulatedNodes {
  readonly #options: SimulatedNodesOptions;
  readonly #nodes = new Map<string, SimulatedNode>();
  readonly #leases = new Map<string, Lease>();
  readonly #stop = new AbortController();

  constructor(options: SimulatedNodesOptions) {
    this.#options = options;
    for (let index = 0; index < options.count; index++) {
      const name = `${options.prefix}${index}`;
      this.#nodes.set(name, new SimulatedNode({ ...options, name, index }));
    }
  }

  /** Resolves when all nodes are registered and their pods are followed. */
  async start(): Promise<void> {
    await this.#each((node) => node.register());
    await this.#each((node) => this.#renew(node));
    const informer = this.#options.informers.get(pods);
    informer.onChange(({ object, old }) => {
      const pod = object ?? old;
      const node = this.#nodes.get(pod?.spec.nodeName ?? "");
      if (node === undefined || pod === undefined) return;
      if (object) node.podChanged(object);
      else node.podGone(pod.metadata.uid);
    });
    await informer.synced;
    void this.#keep(renewMs, (node) => this.#renew(node));
    void this.#keep(statusMs, (node) => node.report());
  }

  /** Ends them; their Nodes stay in the API, and fall silent. */
  stop(): void {
    this.#stop.abort();
    for (const node of this.#nodes.values()) node.stop();
  }

  async #keep(everyMs: number, act: (node: SimulatedNode) => Promise<void>): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await clock.sleep(everyMs, signal);
      if (!signal.aborted) await this.#each(act);
    }
  }

  async #renew(node: SimulatedNode): Promise<void> {
    const { client, clock } = this.#options;
    const held = this.#leases.get(node.name);
    this.#leases.delete(node.name);
    const options = { client, clock, nodeName: node.name, nodeUid: () => node.uid };
    this.#leases.set(node.name, await renewLease(options, held));
  }

  /** A failure of one node is no failure of the others: it is told, and comes right the next time. */
  async #each(act: (node: SimulatedNode) => Promise<void>): Promise<void> {
    const waiting = [...this.#nodes.values()];
    const work = async () => {
      for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
        await act(node).catch(this.#options.onError);
      }
    };
    await Promise.all(Array.from({ length: parallel }, work));
  }
}
