/** Notices nodes that have gone silent, and taints nodes by their conditions (upstream: controller/nodelifecycle). */
import { timeText } from "../../apimachinery/clock.ts";
import { deepEqual } from "../../apimachinery/equality.ts";
import { isNotFound } from "../../apimachinery/errors.ts";
import type { Lease } from "../../openapi/types/coordination-v1.ts";
import type { Node, NodeCondition, Pod } from "../../openapi/types/core-v1.ts";
import { leases, nodes, pods } from "../../openapi/types/resources.ts";
import { type Change, type Controller, type ControllerContext, ownKey, type Result, source } from "../controller.ts";
import { podCondition } from "../pod-status.ts";
import { evictionTaint, isEvicting, nodeCondition, wantedTaints } from "./taints.ts";
import { EvictionLimiter, isFullyDisrupted, zoneOf } from "./zones.ts";

/** A node that was heard of less than this ago is thought to live. */
export const graceMs = 50_000;
/** For a node that has never said anything. */
export const startupGraceMs = 60_000;
/** So long a node is new; Events are kept for longer. */
const newNodeMs = 600_000;
const leaseNamespace = "kube-node-lease";
const conditionTypes = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

/** Labels of old clients that follow the present ones. */
const labelPairs = [
  ["kubernetes.io/os", "beta.kubernetes.io/os"],
  ["kubernetes.io/arch", "beta.kubernetes.io/arch"],
] as const;

/** The controller; its keys are names of nodes. */
export function createNodeLifecycleController(context: ControllerContext): Controller {
  return new NodeLifecycleController(context);
}

/** What was last heard of a node, and when that was by this process's clock: the nodes' own clocks may be wrong. */
interface Health {
  readonly uid: string;
  readonly heartbeat: string | undefined;
  readonly renewTime: string | undefined;
  readonly heardAt: number;
}

class NodeLifecycleController implements Controller {
  readonly name = "node-lifecycle-controller";
  readonly sources = [
    source(nodes, (change: Change<Node>) => this.#nodeKeys(change)),
    source(leases, ({ object, old }: Change<Lease>) => [(object ?? old)?.metadata.name ?? ""], {
      namespace: leaseNamespace,
    }),
  ];
  readonly #context: ControllerContext;
  readonly #health = new Map<string, Health>();
  readonly #limiter = new EvictionLimiter();
  /** Nodes whose pods must still be marked as not ready. */
  readonly #unmarked = new Set<string>();

  constructor(context: ControllerContext) {
    this.#context = context;
    context.informers.get(pods).addIndex("node", (pod) => (pod.spec.nodeName ? [pod.spec.nodeName] : []));
  }

  get #nodes() {
    return this.#context.informers.get(nodes);
  }

  /** Whether any node is ready decides what happens to all. */
  *#nodeKeys(change: Change<Node>): Iterable<string> {
    const ready = (node: Node | undefined) => node !== undefined && nodeCondition(node, "Ready")?.status === "True";
    if (this.#context.lastHeard !== undefined && isHeartbeat(change)) return;
    yield* ownKey(change);
    if (ready(change.object) === ready(change.old)) return;
    for (const node of this.#nodes.list()) yield node.metadata.name;
  }

  async reconcile(name: string): Promise<Result | undefined> {
    const known = this.#nodes.get(name);
    if (known === undefined) {
      this.#forget(name);
      return undefined;
    }
    const { clock } = this.#context;
    const health = this.#listen(known);
    const ready = nodeCondition(known, "Ready");
    const dueAt = health.heardAt + (ready === undefined ? startupGraceMs : graceMs);
    const silent = clock.now() > dueAt;
    let node = known;
    if (silent && ready?.status !== "Unknown") node = await this.#markUnknown(known);
    const waitMs = await this.#taint(node);
    // Where another process may have marked the node and not come as far as its pods, it is looked at again.
    const isMarked =
      silent && this.#context.lastHeard !== undefined && nodeCondition(node, "Ready")?.status === "Unknown";
    if (isMarked || this.#unmarked.has(name)) await this.#markPods(name);
    return {
      ...(waitMs === undefined ? {} : { requeueAfterMs: waitMs }),
      ...(silent ? {} : { pollAfterMs: dueAt - clock.now() + 1 }),
    };
  }

  #forget(name: string): void {
    const health = this.#health.get(name);
    this.#unmarked.delete(name);
    if (health === undefined) return;
    this.#health.delete(name);
    this.#nodeEvent(name, health.uid, "RemovingNode", `Removing Node ${name} from Controller`);
  }

  /** Where processes come and go, each meets all nodes; only a node that is new is one more, and one of them says so. */
  #welcome({ metadata: { name, uid, creationTimestamp } }: Node): void {
    const { clock, lastHeard } = this.#context;
    const once = lastHeard !== undefined;
    if (once && clock.now() - Date.parse(creationTimestamp) > newNodeMs) return;
    this.#nodeEvent(name, uid, "RegisteredNode", `Registered Node ${name} in Controller`, once);
  }

  #nodeEvent(name: string, uid: string, reason: string, text: string, once = false): void {
    const node = {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name, uid, resourceVersion: "", creationTimestamp: "" },
    };
    this.#context.events.event(node, "Normal", reason, `Node ${name} event: ${text}`, { once });
  }

  /** Notes whether the node has been heard of since the last look. */
  #listen(node: Node): Health {
    const { clock, informers, lastHeard } = this.#context;
    const { name, uid } = node.metadata;
    const lease = informers.get(leases, { namespace: leaseNamespace }).get(`${leaseNamespace}/${name}`);
    const ready = nodeCondition(node, "Ready");
    const heartbeat = ready?.lastHeartbeatTime;
    const renewTime = lease?.spec?.renewTime;
    const old = this.#health.get(name);
    if (old?.uid !== uid) this.#welcome(node);
    let heardAt = old?.uid === uid ? old.heardAt : this.#firstHeard(node);
    const beat = heartbeat !== old?.heartbeat && heartbeat !== undefined;
    if (old?.uid === uid && (beat || (renewTime !== old.renewTime && renewTime !== undefined))) heardAt = clock.now();
    // Who notes when nodes are heard of knows better than a process that sees some of their changes, and those late.
    heardAt = lastHeard?.(name, uid) ?? heardAt;
    const health = { uid, heartbeat, renewTime, heardAt };
    this.#health.set(name, health);
    return health;
  }

  /** A node seen for the first time gets the whole grace. */
  #firstHeard(node: Node): number {
    if (nodeCondition(node, "Ready") === undefined) return Date.parse(node.metadata.creationTimestamp);
    return this.#context.clock.now();
  }

  async #markUnknown(node: Node): Promise<Node> {
    const { client, clock, events } = this.#context;
    const { name, creationTimestamp } = node.metadata;
    const lastTransitionTime = timeText(clock.now());
    const conditions = [...(node.status?.conditions ?? [])];
    for (const type of conditionTypes) {
      const index = conditions.findIndex((one) => one.type === type);
      if (index < 0) conditions.push(neverUpdated(type, creationTimestamp, lastTransitionTime));
      else if (conditions[index].status !== "Unknown") {
        const reason = "NodeStatusUnknown";
        const message = "Kubelet stopped posting node status.";
        conditions[index] = { ...conditions[index], status: "Unknown", reason, message, lastTransitionTime };
      }
    }
    const wasReady = nodeCondition(node, "Ready")?.status === "True";
    const status = { ...node.status, conditions };
    const written = await client.update(nodes, { ...node, status }, { subresource: "status" });
    // What this controller itself wrote is no sign of life.
    const health = this.#health.get(name);
    const heartbeat = nodeCondition(written, "Ready")?.lastHeartbeatTime;
    if (health !== undefined) this.#health.set(name, { ...health, heartbeat });
    if (wasReady) {
      events.event(written, "Normal", "NodeNotReady", `Node ${name} status is now: NodeNotReady`);
      this.#unmarked.add(name);
    }
    return written;
  }

  /** Brings taints and old labels up to date. Gives the ms after which the node may be emptied, if that has to wait. */
  async #taint(node: Node): Promise<number | undefined> {
    const { client, clock } = this.#context;
    let evict = false;
    let waitMs: number | undefined;
    if (evictionTaint(node) !== undefined) {
      const all = this.#nodes.list().map((one) => (one.metadata.name === node.metadata.name ? node : one));
      evict = !isFullyDisrupted(all);
      const left = evict && !isEvicting(node) ? this.#limiter.take(zoneOf(node), all, clock.now()) : 0;
      if (left > 0) {
        evict = false;
        waitMs = left;
      }
    }
    const taints = wantedTaints(node, evict, clock.now());
    const labels = withOldLabels(node.metadata.labels ?? {});
    if (taints === undefined && labels === undefined) return waitMs;
    const metadata = labels === undefined ? node.metadata : { ...node.metadata, labels };
    const spec = taints === undefined ? node.spec : { ...node.spec, taints };
    await client.update(nodes, { ...node, metadata, spec });
    return waitMs;
  }

  /** Endpoints must not lead to pods of which nobody knows whether they live. */
  async #markPods(name: string): Promise<void> {
    const { client, clock, events, informers } = this.#context;
    for (const pod of informers.get(pods).byIndex("node", name)) {
      if (podCondition(pod, "Ready")?.status !== "True") continue;
      try {
        await client.update(pods, notReady(pod, clock.now()), { subresource: "status" });
      } catch (error) {
        if (isNotFound(error)) continue;
        throw error;
      }
      events.event(pod, "Warning", "NodeNotReady", "Node is not ready");
    }
    this.#unmarked.delete(name);
  }
}

/** Whether only times have changed, which say no more than that the node was heard of. */
function isHeartbeat({ object, old }: Change<Node>): boolean {
  if (object === undefined || old === undefined) return false;
  const matters = ({ metadata, spec, status }: Node) => [
    metadata.uid,
    metadata.labels,
    spec,
    status?.conditions?.map(({ type, status }) => [type, status]),
  ];
  return deepEqual(matters(object), matters(old));
}

function neverUpdated(type: string, lastHeartbeatTime: string, lastTransitionTime: string): NodeCondition {
  const reason = "NodeStatusNeverUpdated";
  const message = "Kubelet never posted node status.";
  return { type, status: "Unknown", reason, message, lastHeartbeatTime, lastTransitionTime };
}

function notReady(pod: Pod, now: number): Pod {
  const conditions = (pod.status?.conditions ?? []).map((one) =>
    one.type === "Ready" ? { ...one, status: "False", lastTransitionTime: timeText(now) } : one,
  );
  return { ...pod, status: { ...pod.status, conditions } };
}

/** The labels with the old ones beside the present ones; undefined where they are there. */
function withOldLabels(labels: Readonly<Record<string, string>>): Record<string, string> | undefined {
  const missing = labelPairs.filter(
    ([present, old]) => labels[present] !== undefined && labels[old] !== labels[present],
  );
  if (missing.length === 0) return undefined;
  return { ...labels, ...Object.fromEntries(missing.map(([present, old]) => [old, labels[present]])) };
}
