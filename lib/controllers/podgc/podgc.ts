/**
 * Removes pods that nobody else will: of nodes that are gone, never scheduled, or too many that have ended (upstream:
 * controller/podgc).
 */
import { isNotFound } from "../../apimachinery/errors.ts";
import { keyOf } from "../../apimachinery/meta.ts";
import type { Node, Pod } from "../../openapi/types/core-v1.ts";
import { nodes, pods } from "../../openapi/types/resources.ts";
import { type Change, type Controller, type ControllerContext, type Result, source } from "../controller.ts";
import { nodeCondition } from "../nodelifecycle/taints.ts";
import { type Disruption, disruptPod } from "../pod-disruption.ts";
import { isPodTerminal } from "../pod-status.ts";

/** A node that is not there for so long is gone, if the server says so too. */
const quarantineMs = 40_000;
/** So many ended pods are kept. */
const terminatedLimit = 12_500;
const outOfServiceTaint = "node.kubernetes.io/out-of-service";
/** The key that stands for "count the ended pods". */
const terminatedKey = "*";

/** The controller; its keys are those of pods, and one for all that have ended. */
export function createPodGarbageCollector(context: ControllerContext): Controller {
  return new PodGarbageCollector(context, terminatedLimit);
}

/** As createPodGarbageCollector, with another number of ended pods to keep. */
export function createPodGarbageCollectorWith(limit: number): (context: ControllerContext) => Controller {
  return (context) => new PodGarbageCollector(context, limit);
}

class PodGarbageCollector implements Controller {
  readonly name = "pod-garbage-collector-controller";
  readonly sources = [
    source(pods, (change: Change<Pod>) => this.#podKeys(change)),
    source(nodes, (change: Change<Node>) => this.#nodeKeys(change)),
  ];
  readonly #context: ControllerContext;
  readonly #limit: number;
  /** Since when a node is missed (ms). */
  readonly #missing = new Map<string, number>();

  constructor(context: ControllerContext, limit: number) {
    this.#context = context;
    this.#limit = limit;
    this.#pods.addIndex("node", (pod) => (pod.spec.nodeName ? [pod.spec.nodeName] : []));
    this.#pods.addIndex("terminal", (pod) => (isPodTerminal(pod) ? ["yes"] : []));
  }

  get #pods() {
    return this.#context.informers.get(pods);
  }

  async reconcile(key: string): Promise<Result | undefined> {
    if (key === terminatedKey) return this.#trim();
    const pod = this.#pods.get(key);
    if (pod === undefined) return undefined;
    const { nodeName } = pod.spec;
    const ending = pod.metadata.deletionTimestamp !== undefined;
    if (!nodeName) {
      if (ending) await this.#remove(pod, {});
      return undefined;
    }
    const node = this.#context.informers.get(nodes).get(nodeName);
    if (node === undefined) return this.#orphaned(pod, nodeName);
    this.#missing.delete(nodeName);
    if (ending && isOutOfService(node)) await this.#remove(pod, {});
    return undefined;
  }

  async #orphaned(pod: Pod, nodeName: string): Promise<Result | undefined> {
    const { client, clock } = this.#context;
    const now = clock.now();
    const since = this.#missing.get(nodeName) ?? now;
    this.#missing.set(nodeName, since);
    const leftMs = since + quarantineMs - now;
    if (leftMs > 0) return { requeueAfterMs: leftMs };
    try {
      await client.get(nodes, { name: nodeName });
      return undefined;
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    const target = { reason: "DeletionByPodGC", message: "PodGC: node no longer exists" };
    await this.#remove(pod, { target });
    return undefined;
  }

  /** Deletes the oldest ended pods beyond the limit, evicted ones first. */
  async #trim(): Promise<undefined> {
    const ended = this.#pods.byIndex("terminal", "yes").filter((pod) => pod.metadata.deletionTimestamp === undefined);
    const surplus = ended.length - this.#limit;
    if (surplus <= 0) return;
    const evicted = (pod: Pod) => Number(pod.status?.reason === "Evicted");
    ended.sort(
      (a, b) =>
        evicted(b) - evicted(a) ||
        compareText(a.metadata.creationTimestamp, b.metadata.creationTimestamp) ||
        compareText(a.metadata.name, b.metadata.name),
    );
    for (const pod of ended.slice(0, surplus)) await this.#remove(pod, {});
  }

  #remove(pod: Pod, disruption: Disruption): Promise<void> {
    const { client, clock } = this.#context;
    return disruptPod(client, pod, { ...disruption, fail: true, options: { gracePeriodSeconds: 0 } }, clock.now());
  }

  *#podKeys({ object, old }: Change<Pod>): Iterable<string> {
    if (object === undefined) return;
    const { nodeName } = object.spec;
    const node = nodeName ? this.#context.informers.get(nodes).get(nodeName) : undefined;
    if (object.metadata.deletionTimestamp !== undefined || (nodeName && node === undefined)) yield keyOf(object);
    if (isPodTerminal(object) && (old === undefined || !isPodTerminal(old))) yield terminatedKey;
  }

  *#nodeKeys({ object, old }: Change<Node>): Iterable<string> {
    const node = object ?? old;
    if (node === undefined || (object !== undefined && !isOutOfService(object))) return;
    for (const pod of this.#pods.byIndex("node", node.metadata.name)) yield keyOf(pod);
  }
}

function isOutOfService(node: Node): boolean {
  const tainted = node.spec?.taints?.some(({ key }) => key === outOfServiceTaint) ?? false;
  return tainted && nodeCondition(node, "Ready")?.status !== "True";
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
