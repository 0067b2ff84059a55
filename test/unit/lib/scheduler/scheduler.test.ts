import { describe, expect, test } from "vitest";
import { newConflict, newNotFound, type StatusError } from "../../../../lib/apimachinery/errors.ts";
import { type KubeObject, keyOf, type Resource } from "../../../../lib/apimachinery/meta.ts";
import type { ChangeHandler, Informer, Informers } from "../../../../lib/client/informer.ts";
import type { Client } from "../../../../lib/client/interface.ts";
import type { Node, Pod } from "../../../../lib/openapi/types/core-v1.ts";
import { Scheduler } from "../../../../lib/scheduler/scheduler.ts";
import { node, pod } from "./objects.ts";

/** Informers that a test feeds by hand. */
class FakeInformers implements Informers {
  readonly #handlers = new Map<string, ChangeHandler<KubeObject>[]>();
  readonly #objects = new Map<string, KubeObject>();

  get<T extends KubeObject>(resource: Resource<T>): Informer<T> {
    return {
      get: (key: string) => this.#objects.get(`${resource.resource}/${key}`) as T | undefined,
      list: () => [],
      byIndex: () => [],
      addIndex: () => {},
      onChange: (handler: ChangeHandler<T>) => {
        const handlers = this.#handlers.get(resource.resource) ?? [];
        this.#handlers.set(resource.resource, [...handlers, handler as ChangeHandler<KubeObject>]);
      },
      synced: Promise.resolve(),
      reached: () => true,
    };
  }

  set(resource: string, object: KubeObject | undefined, key = object ? keyOf(object) : ""): void {
    const old = this.#objects.get(`${resource}/${key}`);
    if (object) this.#objects.set(`${resource}/${key}`, object);
    else this.#objects.delete(`${resource}/${key}`);
    for (const handler of this.#handlers.get(resource) ?? []) handler({ object, old });
  }

  async stop(): Promise<void> {}
}

function harness(options: { refusal?: StatusError } = {}) {
  const informers = new FakeInformers();
  const bound: string[] = [];
  const patches: { name: string; status: Record<string, never> }[] = [];
  const deleted: string[] = [];
  const events: string[] = [];
  let now = 0;
  const client = {
    async createSubresource(_: Resource, { name }: { name: string }, __: string, body: { target: { name: string } }) {
      if (options.refusal) throw options.refusal;
      bound.push(`${name} ${body.target.name}`);
    },
    async patch(_: Resource, { name }: { name: string }, __: string, patch: { status: Record<string, never> }) {
      patches.push({ name, status: patch.status });
    },
    async delete(_: Resource, { name }: { name: string }) {
      deleted.push(name);
    },
  } as unknown as Client;
  const scheduler = new Scheduler({
    client,
    informers,
    events: {
      event: (object, type, reason, message) => events.push(`${object.metadata.name} ${type} ${reason}: ${message}`),
    },
    clock: { now: () => now, sleep: async () => {} },
    random: { number: () => 0, uuid: () => "u" },
  });
  const advance = (ms: number) => {
    now += ms;
  };
  return { informers, scheduler, bound, patches, deleted, events, advance };
}

const put = (h: ReturnType<typeof harness>, nodes: Node[], pods: Pod[]) => {
  for (const one of nodes) h.informers.set("nodes", one);
  for (const one of pods) h.informers.set("pods", one);
};

describe("scheduler", () => {
  test("binds pods and spreads them, counting those on their way", async () => {
    const h = harness();
    put(h, [node("a"), node("b")], [pod("p", { cpu: "1500m" }), pod("q", { cpu: "1500m" })]);
    await h.scheduler.reconcile();
    expect(h.bound.map((line) => line.split(" ")[1]).sort()).toEqual(["a", "b"]);
    expect(h.events[0]).toMatch(/^p Normal Scheduled: Successfully assigned d\/p to (a|b)$/);
    await h.scheduler.reconcile();
    expect(h.bound).toHaveLength(2);
  });

  test("says why a pod fits nowhere, once, and schedules it when room appears", async () => {
    const h = harness();
    put(h, [node("a"), node("b", { spec: { unschedulable: true } })], [pod("p", { cpu: "3" })]);
    const { requeueAfterMs } = await h.scheduler.reconcile();
    const text =
      "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable. no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.";
    expect(h.events).toEqual([`p Warning FailedScheduling: ${text}`]);
    expect(h.patches[0].status.conditions[0]).toMatchObject({
      type: "PodScheduled",
      reason: "Unschedulable",
      message: text,
    });
    expect(requeueAfterMs).toBe(301_000);
    h.informers.set("nodes", node("c", { cpu: "4" }));
    expect(h.scheduler.sources[1].keys({ object: node("c") })).toEqual(["pending"]);
    h.advance(1_000);
    await h.scheduler.reconcile();
    expect(h.bound).toEqual(["p c"]);
  });

  test("without nodes", async () => {
    const h = harness();
    put(h, [], [pod("p")]);
    await h.scheduler.reconcile();
    expect(h.events).toEqual(["p Warning FailedScheduling: no nodes available to schedule pods"]);
  });

  test("a gated pod waits without an event", async () => {
    const h = harness();
    put(h, [node("a")], [pod("p", {}, { schedulingGates: [{ name: "g" }] })]);
    await h.scheduler.reconcile();
    expect(h.bound).toEqual([]);
    expect(h.patches[0].status.conditions[0]).toMatchObject({ reason: "SchedulingGated" });
  });

  const pods = { group: "", resource: "pods" };
  test("a pod that another scheduler has bound gives its place back", async () => {
    const h = harness({ refusal: newConflict(pods, "p", "already bound") });
    put(h, [node("a")], [pod("p", { cpu: "2" })]);
    await h.scheduler.reconcile();
    expect(h.events).toEqual([]);
  });

  test("a pod that is heard of but can't be read yet is tried again soon, though nothing changes", async () => {
    const options: { refusal?: StatusError } = { refusal: newNotFound(pods, "p") };
    const h = harness(options);
    put(h, [node("a")], [pod("p", { cpu: "2" })]);
    expect(await h.scheduler.reconcile()).toEqual({ requeueAfterMs: 1_000 });
    delete options.refusal;
    h.advance(1_000);
    await h.scheduler.reconcile();
    expect(h.bound).toEqual(["p a"]);
  });

  test("preempts the fewest pods of lower priority", async () => {
    const h = harness();
    const running = (name: string, cpu: string, priority: number) => pod(name, { cpu }, { nodeName: "a", priority });
    put(h, [node("a")], [running("low", "1", 1), running("mid", "500m", 5), running("high", "500m", 50)]);
    h.informers.set("pods", pod("p", { cpu: "1" }, { priority: 10 }));
    await h.scheduler.reconcile();
    expect(h.deleted).toEqual(["low"]);
    expect(h.patches.find(({ name }) => name === "p")?.status).toMatchObject({ nominatedNodeName: "a" });
  });
});
