/**
 * The scheduler as a control loop: its only key stands for "all that is pending", so that a wake-up may be lost, late or
 * doubled, in one process and in a Lambda alike. It reads from informers, assumes what it binds, and lets bindings run
 * beside the next pods.
 */
import type { Clock, Random } from "../apimachinery/clock.ts";
import { timeText } from "../apimachinery/clock.ts";
import { deepEqual } from "../apimachinery/equality.ts";
import { isConflict, isNotFound } from "../apimachinery/errors.ts";
import { type KubeObject, keyOf, type Resource } from "../apimachinery/meta.ts";
import type { Informer, Informers } from "../client/informer.ts";
import type { Client } from "../client/interface.ts";
import type { Node, Pod } from "../openapi/types/core-v1.ts";
import { nodes as nodeResource, pods as podResource } from "../openapi/types/resources.ts";
import type { Plugin, Rejection } from "./framework.ts";
import { ClusterState, type NodeInfo } from "./node-info.ts";
import { plugins as defaultPlugins } from "./plugins/index.ts";
import { preempt } from "./preemption.ts";
import { Attempt, fitErrorText, schedulePod } from "./schedule-pod.ts";

/** What the scheduler works with. */
export interface SchedulerOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly events: { event(object: KubeObject, type: "Normal" | "Warning", reason: string, message: string): void };
  readonly clock: Clock;
  readonly random: Random;
  readonly plugins?: readonly Plugin[];
  /** A run ends after this long and asks to be called again. */
  readonly runMs?: number;
  /** Bindings on their way at once. */
  readonly bindings?: number;
}

/** Why a pod waits, and since which state of the cluster. */
interface Waiting {
  readonly version: number;
  readonly attempts: number;
  readonly notBefore: number;
  readonly generation: string;
}

const schedulerName = "default-scheduler";
const pendingKey = "pending";
/** A pod that fits nowhere is tried again after this long even if nothing has changed (upstream: 5 minutes). */
const flushMs = 300_000;
const initialBackoffMs = 1_000;
const maxBackoffMs = 10_000;

const isTerminal = (pod: Pod) => pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
const isPending = (pod: Pod) =>
  !pod.spec.nodeName &&
  !pod.metadata.deletionTimestamp &&
  !isTerminal(pod) &&
  (pod.spec.schedulerName ?? schedulerName) === schedulerName;

/** Whether a node's change can make a waiting pod fit. */
function nodeMatters(node: Node, old: Node): boolean {
  return (
    !deepEqual(node.spec, old.spec) ||
    !deepEqual(node.metadata.labels, old.metadata.labels) ||
    !deepEqual(node.status?.allocatable, old.status?.allocatable)
  );
}

/** The scheduler; fits `Controller` of lib/controllers. */
export class Scheduler {
  readonly name = "scheduler";
  readonly #options: SchedulerOptions;
  readonly #plugins: readonly Plugin[];
  readonly #state = new ClusterState();
  readonly #pods: Informer<Pod>;
  readonly #pending = new Map<string, Pod>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #assumed = new Map<string, string>();
  readonly #inFlight = new Set<Promise<void>>();
  /** Grows with every change that may make a waiting pod fit. */
  #version = 0;
  #start = 0;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#plugins = options.plugins ?? defaultPlugins;
    this.#pods = options.informers.get(podResource);
    this.#pods.onChange(({ object, old }) => this.#podChanged(object, old));
    options.informers.get(nodeResource).onChange(({ object, old }) => this.#nodeChanged(object, old));
  }

  /** Every pod without a node, and whatever may make room for one. */
  readonly sources = [
    {
      resource: podResource as Resource,
      keys: ({ object, old }: { object?: KubeObject; old?: KubeObject }) => {
        const [pod, before] = [object as Pod | undefined, old as Pod | undefined];
        const freed = before?.spec.nodeName && (!pod || (isTerminal(pod) && !isTerminal(before)));
        return (pod && isPending(pod)) || freed ? [pendingKey] : [];
      },
    },
    {
      resource: nodeResource as Resource,
      keys: ({ object, old }: { object?: KubeObject; old?: KubeObject }) =>
        object && (!old || nodeMatters(object as Node, old as Node)) ? [pendingKey] : [],
    },
  ];

  #podChanged(pod: Pod | undefined, old: Pod | undefined): void {
    const uid = (pod ?? old)?.metadata.uid ?? "";
    if (pod && isPending(pod)) {
      this.#pending.set(uid, pod);
      return;
    }
    this.#pending.delete(uid);
    this.#waiting.delete(uid);
    this.#assumed.delete(uid);
    if (pod?.spec.nodeName && !isTerminal(pod)) this.#state.place(pod, pod.spec.nodeName);
    else {
      this.#state.remove(uid);
      this.#version++;
    }
  }

  #nodeChanged(node: Node | undefined, old: Node | undefined): void {
    if (!node) {
      if (old) this.#state.removeNode(old.metadata.name);
      return;
    }
    if (!old || nodeMatters(node, old)) this.#version++;
    this.#state.setNode(node);
  }

  /** Schedules all that is pending, for at most runMs. */
  async reconcile(): Promise<{ requeueAfterMs?: number }> {
    const { clock, runMs = 10_000, bindings = 64 } = this.#options;
    const deadline = clock.now() + runMs;
    for (const pod of this.#ready()) {
      if (clock.now() >= deadline) return { requeueAfterMs: 0 };
      while (this.#inFlight.size >= bindings) await Promise.race(this.#inFlight);
      this.#attempt(pod);
    }
    await Promise.all(this.#inFlight);
    return this.#next();
  }

  /** The pods to try now: highest priority first, then the oldest. */
  #ready(): Pod[] {
    const now = this.#options.clock.now();
    return [...this.#pending.values()]
      .filter((pod) => !this.#assumed.has(pod.metadata.uid) && this.#due(pod, now))
      .sort(
        (a, b) =>
          (b.spec.priority ?? 0) - (a.spec.priority ?? 0) ||
          (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1),
      );
  }

  #due(pod: Pod, now: number): boolean {
    const waiting = this.#waiting.get(pod.metadata.uid);
    if (!waiting || waiting.generation !== specOf(pod)) return true;
    if (now < waiting.notBefore) return false;
    return waiting.version !== this.#version || now >= waiting.notBefore + flushMs;
  }

  #next(): { requeueAfterMs?: number } {
    const now = this.#options.clock.now();
    let soonest = Number.POSITIVE_INFINITY;
    for (const uid of this.#pending.keys()) {
      const waiting = this.#waiting.get(uid);
      if (!waiting) continue;
      const due = waiting.version !== this.#version ? waiting.notBefore : waiting.notBefore + flushMs;
      soonest = Math.min(soonest, Math.max(0, due - now));
    }
    return Number.isFinite(soonest) ? { requeueAfterMs: soonest } : {};
  }

  #attempt(pod: Pod): void {
    for (const plugin of this.#plugins) {
      const gate = plugin.preEnqueue?.(pod);
      if (!gate) continue;
      this.#wait(pod);
      this.#run(this.#condition(pod, gate.reason, gate.message));
      return;
    }
    const nodes = [...this.#state.nodes.values()];
    const attempt = new Attempt(pod, this.#plugins);
    const outcome = schedulePod(attempt, nodes, this.#options.random, this.#start);
    this.#start = nodes.length === 0 ? 0 : (this.#start + outcome.looked) % nodes.length;
    if ("node" in outcome) {
      this.#state.place(pod, outcome.node);
      this.#assumed.set(pod.metadata.uid, outcome.node);
      this.#run(this.#bind(pod, outcome.node));
      return;
    }
    this.#wait(pod);
    this.#run(this.#rejected(attempt, nodes, outcome));
  }

  async #rejected(attempt: Attempt, nodes: NodeInfo[], { rejections }: { rejections: ReadonlyMap<string, Rejection> }) {
    const head = fitErrorText(nodes.length, rejections);
    if (nodes.length === 0) return this.#unschedulable(attempt.pod, head);
    const preemption = preempt(attempt, nodes, rejections);
    if ("node" in preemption) return this.#preempt(attempt.pod, preemption.node, preemption.victims, head);
    const text = `${head} no new claims to deallocate, preemption: ${preemption.message}`;
    return this.#unschedulable(attempt.pod, text);
  }

  /** Has the pod tried again after a back-off once anything has changed; with -1 at its end anyway. */
  #wait(pod: Pod, version = this.#version): void {
    const attempts = (this.#waiting.get(pod.metadata.uid)?.attempts ?? 0) + 1;
    const backoffMs = Math.min(maxBackoffMs, initialBackoffMs * 2 ** (attempts - 1));
    this.#waiting.set(pod.metadata.uid, {
      version,
      attempts,
      notBefore: this.#options.clock.now() + backoffMs,
      generation: specOf(pod),
    });
  }

  #run(work: Promise<void>): void {
    const done: Promise<void> = work.finally(() => this.#inFlight.delete(done));
    this.#inFlight.add(done);
  }

  async #bind(pod: Pod, node: string): Promise<void> {
    const { client, events } = this.#options;
    const { name, namespace, uid } = pod.metadata;
    const target = { apiVersion: "v1", kind: "Node", name: node };
    try {
      const binding = { apiVersion: "v1", kind: "Binding", metadata: { name, namespace, uid }, target };
      await client.createSubresource(podResource, { namespace, name }, "binding", binding);
      events.event(pod, "Normal", "Scheduled", `Successfully assigned ${keyOf(pod)} to ${node}`);
    } catch (error) {
      if (this.#assumed.delete(uid)) this.#state.remove(uid);
      this.#wait(pod, -1);
      // Someone else has bound or removed it, as the informer will say; or it is so new that it can't be read yet.
      if (isConflict(error) || isNotFound(error)) return;
      events.event(pod, "Warning", "FailedScheduling", `binding rejected: ${(error as Error).message}`);
    }
  }

  async #unschedulable(pod: Pod, message: string): Promise<void> {
    this.#options.events.event(pod, "Warning", "FailedScheduling", message);
    await this.#condition(pod, "Unschedulable", message);
  }

  /** Sets PodScheduled to False; nothing is written where it says so already. */
  async #condition(pod: Pod, reason: string, message: string, more: Record<string, unknown> = {}): Promise<void> {
    const current = pod.status?.conditions?.find(({ type }) => type === "PodScheduled");
    const same = current?.status === "False" && current.reason === reason && current.message === message;
    if (same && Object.keys(more).length === 0) return;
    const since = current?.status === "False" ? current.lastTransitionTime : timeText(this.#options.clock.now());
    const condition = {
      type: "PodScheduled",
      status: "False",
      reason,
      message,
      lastTransitionTime: since,
      ...(pod.metadata.generation ? { observedGeneration: pod.metadata.generation } : {}),
    };
    await this.#patchStatus(pod, { conditions: [condition], ...more });
  }

  async #patchStatus(pod: Pod, status: Record<string, unknown>): Promise<void> {
    const { name, namespace, uid } = pod.metadata;
    try {
      const patch = { metadata: { uid }, status };
      await this.#options.client.patch(podResource, { name, namespace }, "strategic", patch, { subresource: "status" });
    } catch (error) {
      if (isConflict(error) || isNotFound(error)) return;
      this.#waiting.delete(uid);
    }
  }

  async #preempt(pod: Pod, node: string, victims: readonly Pod[], head: string): Promise<void> {
    const { client, events, clock } = this.#options;
    await this.#condition(pod, "Unschedulable", head, { nominatedNodeName: node });
    events.event(pod, "Warning", "FailedScheduling", head);
    for (const victim of victims) {
      const { name, namespace, uid } = victim.metadata;
      const condition = {
        type: "DisruptionTarget",
        status: "True",
        reason: "PreemptionByScheduler",
        message: `${schedulerName}: preempting to accommodate a higher priority pod`,
        lastTransitionTime: timeText(clock.now()),
      };
      await this.#patchStatus(victim, { conditions: [condition] });
      try {
        await client.delete(podResource, { name, namespace }, { uid });
        events.event(victim, "Normal", "Preempted", `Preempted by pod ${pod.metadata.uid} on node ${node}`);
      } catch (error) {
        if (!isNotFound(error) && !isConflict(error)) this.#waiting.delete(pod.metadata.uid);
      }
    }
  }
}

/** Changes when what the scheduler looks at does; its own status patches do not change it. */
function specOf(pod: Pod): string {
  const { spec, metadata } = pod;
  return JSON.stringify([
    spec.schedulingGates,
    spec.tolerations,
    spec.containers.map((c) => c.resources),
    metadata.labels,
  ]);
}
