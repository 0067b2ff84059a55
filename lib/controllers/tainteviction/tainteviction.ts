/**
 * Deletes pods that do not tolerate a NoExecute taint of their node, or no longer do (upstream:
 * controller/tainteviction).
 */
import { deepEqual } from "../../apimachinery/equality.ts";
import { keyOf } from "../../apimachinery/meta.ts";
import { toleratesTaint } from "../../apimachinery/scheduling/taints.ts";
import type { Node, Pod, Taint, Toleration } from "../../openapi/types/core-v1.ts";
import { nodes, pods } from "../../openapi/types/resources.ts";
import { type Change, type Controller, type ControllerContext, ownKey, type Result, source } from "../controller.ts";
import { disruptPod } from "../pod-disruption.ts";

/** The controller; its keys are those of pods. */
export function createTaintEvictionController(context: ControllerContext): Controller {
  return new TaintEvictionController(context);
}

/** Since when a pod waits to be deleted, and when that is due (ms). */
interface Scheduled {
  readonly uid: string;
  readonly since: number;
  readonly dueAt: number;
}

class TaintEvictionController implements Controller {
  readonly name = "taint-eviction-controller";
  readonly sources = [
    source(pods, (change: Change<Pod>) => (this.#isPodNews(change) ? ownKey(change) : [])),
    source(nodes, (change: Change<Node>) => this.#nodeKeys(change)),
  ];
  readonly #context: ControllerContext;
  readonly #scheduled = new Map<string, Scheduled>();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#pods.addIndex("node", (pod) => (pod.spec.nodeName ? [pod.spec.nodeName] : []));
  }

  get #pods() {
    return this.#context.informers.get(pods);
  }

  async reconcile(key: string): Promise<Result | undefined> {
    const pod = this.#pods.get(key);
    const { nodeName } = pod?.spec ?? {};
    const node = nodeName ? this.#context.informers.get(nodes).get(nodeName) : undefined;
    // A pod that is being deleted needs no second deletion.
    if (pod === undefined || node === undefined || pod.metadata.deletionTimestamp !== undefined) {
      this.#scheduled.delete(key);
      return undefined;
    }
    const now = this.#context.clock.now();
    const taints = noExecuteTaints(node);
    const seconds = toleratedSeconds(taints, pod.spec.tolerations ?? []);
    if (taints.length === 0 || seconds === undefined) {
      this.#cancel(key, pod);
      return undefined;
    }
    if (seconds > 0) {
      const dueAt = this.#schedule(key, pod, taints, seconds, now);
      if (dueAt > now) return { requeueAfterMs: dueAt - now };
    }
    await this.#evict(key, pod, now);
    return undefined;
  }

  /** When the pod's time is over. A shorter toleration moves it forward, counted from when the waiting began. */
  #schedule(key: string, pod: Pod, taints: readonly Taint[], seconds: number, now: number): number {
    const old = this.#scheduled.get(key);
    const { uid } = pod.metadata;
    const since = old?.uid === uid ? old.since : this.#startOf(pod, taints, now);
    const dueAt = since + seconds * 1000;
    this.#scheduled.set(key, { uid, since, dueAt });
    return dueAt;
  }

  /**
   * A process that has just started gives pods their whole time again, because nodes could not report while it was
   * away.
   * Where others note when nodes were heard of, reports do not depend on it, and the taints' own time counts, or the
   * pod's where it came later.
   */
  #startOf({ metadata }: Pod, taints: readonly Taint[], now: number): number {
    if (this.#context.lastHeard === undefined) return now;
    const added = taints.map(({ timeAdded }) => (timeAdded === undefined ? now : Date.parse(timeAdded)));
    return Math.min(now, Math.max(Date.parse(metadata.creationTimestamp), Math.min(...added)));
  }

  #cancel(key: string, pod: Pod): void {
    const old = this.#scheduled.get(key);
    if (old === undefined) return;
    this.#scheduled.delete(key);
    if (old.uid !== pod.metadata.uid) return;
    this.#context.events.event(pod, "Normal", "TaintManagerEviction", `Cancelling deletion of Pod ${keyOf(pod)}`);
  }

  async #evict(key: string, pod: Pod, now: number): Promise<void> {
    const { client, events } = this.#context;
    events.event(pod, "Normal", "TaintManagerEviction", `Marking for deletion Pod ${keyOf(pod)}`);
    const reason = "DeletionByTaintManager";
    const message = "Taint manager: deleting due to NoExecute taint";
    await disruptPod(client, pod, { target: { reason, message } }, now);
    this.#scheduled.delete(key);
  }

  /** Most pods are never evicted: only of a tainted node's is there anything to do, or of one that waits already. */
  #isPodNews(change: Change<Pod>): boolean {
    const { object, old } = change;
    const [key = ""] = ownKey(change);
    if (this.#scheduled.has(key)) return concerns(change);
    const nodeName = object?.spec.nodeName;
    if (object === undefined || !nodeName || (old !== undefined && !concerns(change))) return false;
    return noExecuteTaints(this.#context.informers.get(nodes).get(nodeName)).length > 0;
  }

  *#nodeKeys({ object, old }: Change<Node>): Iterable<string> {
    const node = object ?? old;
    if (node === undefined || deepEqual(noExecuteTaints(object), noExecuteTaints(old))) return;
    for (const pod of this.#pods.byIndex("node", node.metadata.name)) yield keyOf(pod);
  }
}

function noExecuteTaints(node: Node | undefined): Taint[] {
  return (node?.spec?.taints ?? []).filter(({ effect }) => effect === "NoExecute");
}

/** Whether a change of a pod can matter here. */
function concerns({ object, old }: Change<Pod>): boolean {
  if (object === undefined || old === undefined) return true;
  return (
    object.spec.nodeName !== old.spec.nodeName ||
    !deepEqual(object.spec.tolerations, old.spec.tolerations) ||
    object.metadata.deletionTimestamp !== old.metadata.deletionTimestamp
  );
}

/** For how many seconds all taints are tolerated: 0 where one is not, undefined where for ever. */
function toleratedSeconds(taints: readonly Taint[], tolerations: readonly Toleration[]): number | undefined {
  let least: number | undefined;
  for (const taint of taints) {
    const matching = tolerations.find((toleration) => toleratesTaint(toleration, taint));
    if (matching === undefined) return 0;
    const { tolerationSeconds } = matching;
    if (tolerationSeconds === undefined) continue;
    if (tolerationSeconds <= 0) return 0;
    if (least === undefined || tolerationSeconds < least) least = tolerationSeconds;
  }
  return least;
}
