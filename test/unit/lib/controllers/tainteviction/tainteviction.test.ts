import { afterEach, describe, expect, it } from "vitest";
import { timeText } from "../../../../../lib/apimachinery/clock.ts";
import { createTaintEvictionController } from "../../../../../lib/controllers/tainteviction/tainteviction.ts";
import type { Taint, Toleration } from "../../../../../lib/openapi/types/core-v1.ts";
import { nodes, pods } from "../../../../../lib/openapi/types/resources.ts";
import { type Harness, startHarness } from "../../../../support/controller-harness.ts";

let harness: Harness;
afterEach(() => harness.stop());

const unreachable = "node.kubernetes.io/unreachable";
const taint: Taint = { key: unreachable, effect: "NoExecute" };

function start(tolerations: Toleration[], taints: Taint[] = []): Harness {
  harness = startHarness([{ name: "taint-eviction-controller", create: createTaintEvictionController }]);
  harness.api.put(nodes, { metadata: { name: "n1" }, spec: { taints } });
  harness.api.put(pods, {
    metadata: { name: "p", namespace: "default" },
    spec: { nodeName: "n1", tolerations, containers: [] },
    status: { phase: "Running" },
  });
  return harness;
}

function setTaints(taints: Taint[]): void {
  const [node] = harness.api.all(nodes);
  harness.api.put(nodes, { ...node, spec: { taints } });
}

/** Seconds after which the pod is deleted, looked at every second up to `limit`. */
async function deletedAfter(limit: number): Promise<number | undefined> {
  for (let second = 0; second <= limit; second++) {
    if (harness.api.all(pods)[0].metadata.deletionTimestamp !== undefined) return second;
    await harness.clock.advance(1000);
  }
  return undefined;
}

describe("taint eviction controller", () => {
  const exists = { key: unreachable, operator: "Exists", effect: "NoExecute" };
  const cases: { name: string; tolerations: Toleration[]; taints?: Taint[]; want: number | undefined }[] = [
    { name: "no toleration", tolerations: [], want: 0 },
    { name: "the default toleration", tolerations: [{ ...exists, tolerationSeconds: 300 }], want: 300 },
    { name: "a toleration for ever", tolerations: [exists], want: undefined },
    { name: "a toleration of no time", tolerations: [{ ...exists, tolerationSeconds: 0 }], want: 0 },
    { name: "a toleration of another taint", tolerations: [{ ...exists, key: "other" }], want: 0 },
    {
      name: "the shortest of several tolerations",
      tolerations: [
        { ...exists, tolerationSeconds: 100 },
        { key: "b", operator: "Exists", tolerationSeconds: 20 },
      ],
      taints: [taint, { key: "b", effect: "NoExecute" }],
      want: 20,
    },
    {
      name: "a taint that does not evict",
      tolerations: [],
      taints: [{ ...taint, effect: "NoSchedule" }],
      want: undefined,
    },
  ];
  for (const { name, tolerations, taints = [taint], want } of cases) {
    it(`deletes by ${name}`, async () => {
      const { settle } = start(tolerations, taints);
      await settle();
      const got = await deletedAfter(400);
      if (want === undefined) expect(got).toBeUndefined();
      else expect(Math.abs((got ?? -10) - want)).toBeLessThanOrEqual(1);
    });
  }

  it("says so in an Event and in a condition", async () => {
    const { api, events, settle } = start([], [taint]);
    await settle();
    expect(events()).toEqual(["TaintManagerEviction: Marking for deletion Pod default/p"]);
    expect(api.all(pods)[0].status?.conditions).toMatchObject([
      {
        type: "DisruptionTarget",
        status: "True",
        reason: "DeletionByTaintManager",
        message: "Taint manager: deleting due to NoExecute taint",
      },
    ]);
  });

  it("gives a pod its peace when the taint goes in time", async () => {
    const { clock, events, settle } = start([{ ...exists, tolerationSeconds: 60 }], [taint]);
    await settle();
    await clock.advance(30_000);
    setTaints([]);
    await settle();
    expect(events()).toEqual(["TaintManagerEviction: Cancelling deletion of Pod default/p"]);
    expect(await deletedAfter(100)).toBeUndefined();
    setTaints([taint]);
    await settle();
    // A new taint, the whole time again.
    expect(await deletedAfter(100)).toBeGreaterThan(58);
  });

  it("counts on when one taint takes another's place", async () => {
    const both = [exists, { ...exists, key: "node.kubernetes.io/not-ready" }];
    const { clock, settle } = start(
      both.map((one) => ({ ...one, tolerationSeconds: 60 })),
      [taint],
    );
    await settle();
    await clock.advance(30_000);
    setTaints([{ ...taint, key: "node.kubernetes.io/not-ready" }]);
    await settle();
    const got = await deletedAfter(100);
    expect(got).toBeGreaterThan(27);
    expect(got).toBeLessThan(33);
  });

  it("looks at pods that come to a tainted node later", async () => {
    const { api, settle } = start([exists], [taint]);
    await settle();
    api.put(pods, {
      metadata: { name: "late", namespace: "default" },
      spec: { nodeName: "n1", containers: [] },
    });
    await settle();
    expect(api.all(pods)[1].metadata.deletionTimestamp).toBeDefined();
    expect(api.all(pods)[0].metadata.deletionTimestamp).toBeUndefined();
  });

  it("counts from the taint where nodes are heard of elsewhere, and from the pod where that is younger", async () => {
    const tolerations = [{ ...exists, tolerationSeconds: 30 }];
    const start = Date.parse("2026-01-01T00:00:00Z");
    const at = (seconds: number) => ({ ...taint, timeAdded: timeText(start + seconds * 1000) });
    harness = startHarness([{ name: "taint-eviction-controller", create: createTaintEvictionController }], {
      options: { lastHeard: () => undefined },
      before: (api) => {
        api.put(nodes, { metadata: { name: "n1" }, spec: { taints: [at(-20)] } });
        for (const [name, age] of [
          ["old", 600],
          ["young", 5],
        ] as const) {
          api.put(pods, {
            metadata: { name, namespace: "default", creationTimestamp: timeText(start - age * 1000) },
            spec: { nodeName: "n1", tolerations, containers: [] },
          });
        }
      },
    });
    const ending = () => {
      const all = harness.api.all(pods).map(({ metadata }) => metadata);
      return all.filter(({ deletionTimestamp }) => deletionTimestamp !== undefined).map(({ name }) => name);
    };
    await harness.clock.advance(11_000);
    expect(ending()).toEqual(["old"]);
    await harness.clock.advance(15_000);
    expect(ending()).toEqual(["old", "young"]);
  });
});
