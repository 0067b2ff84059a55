import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { timeText } from "../../../../../lib/apimachinery/clock.ts";
import { createDisruptionController } from "../../../../../lib/controllers/disruption/disruption.ts";
import type { PodDisruptionBudgetSpec } from "../../../../../lib/openapi/types/policy-v1.ts";
import { deployments, poddisruptionbudgets, pods, replicasets } from "../../../../../lib/openapi/types/resources.ts";
import { type Harness, meta, startHarness } from "../../../../support/controller-harness.ts";

let harness: Harness;
beforeEach(() => {
  harness = startHarness([{ name: "disruption-controller", create: createDisruptionController }]);
});
afterEach(() => harness.stop());

const labels = { app: "web" };
const selector = { matchLabels: labels };

function putBudget(spec: PodDisruptionBudgetSpec, status?: object) {
  const metadata = { ...meta("b"), generation: 1 };
  harness.api.put(poddisruptionbudgets, { metadata, spec: { selector, ...spec }, ...(status && { status }) } as never);
}

/** Pods of a ReplicaSet `rs`, the first `ready` of them ready. */
function putPods(count: number, ready: number, ownerReferences: object[] = []) {
  for (let n = 0; n < count; n++) {
    const conditions = [{ type: "Ready", status: n < ready ? "True" : "False" }];
    const metadata = { ...meta(`p${n}`), labels, ownerReferences };
    harness.api.put(pods, { metadata, spec: { containers: [] }, status: { phase: "Running", conditions } } as never);
  }
}

/** Makes a Deployment of so many replicas and a ReplicaSet of it; gives the pods' reference. */
function workload(replicas: number) {
  const { api } = harness;
  const deployment = api.put(deployments, {
    metadata: meta("web"),
    spec: { replicas, selector, template: {} },
  } as never);
  const reference = (kind: string, { metadata }: { metadata: { name: string; uid: string } }) => [
    { apiVersion: "apps/v1", kind, name: metadata.name, uid: metadata.uid, controller: true },
  ];
  const ownerReferences = reference("Deployment", deployment);
  const set = api.put(replicasets, {
    metadata: { ...meta("rs"), ownerReferences },
    spec: { replicas: 1, selector },
  } as never);
  return reference("ReplicaSet", set);
}

const budget = () => harness.api.all(poddisruptionbudgets)[0];
const counts = () => {
  const { expectedPods, desiredHealthy, currentHealthy, disruptionsAllowed } = budget().status ?? {};
  return [expectedPods, desiredHealthy, currentHealthy, disruptionsAllowed];
};
const reasons = () => harness.events().map((text) => text.split(":")[0]);

describe("a budget", () => {
  it.each([
    { name: "a number that must stay", spec: { minAvailable: 2 }, want: [3, 2, 3, 1] },
    { name: "a share that must stay, rounded up", spec: { minAvailable: "50%" }, want: [5, 3, 3, 0] },
    { name: "a number that may go", spec: { maxUnavailable: 3 }, want: [5, 2, 3, 1] },
    { name: "a share that may go, rounded up", spec: { maxUnavailable: "41%" }, want: [5, 2, 3, 1] },
    { name: "more than there are may go", spec: { maxUnavailable: 9 }, want: [5, 0, 3, 3] },
  ])("$name", async ({ spec, want }) => {
    putPods(3, 3, workload(5));
    putBudget(spec);
    await harness.settle();
    expect(counts()).toEqual(want);
    const allowed = Number(want[3]) > 0;
    expect(budget().status).toMatchObject({
      observedGeneration: 1,
      conditions: [
        {
          type: "DisruptionAllowed",
          status: allowed ? "True" : "False",
          reason: allowed ? "SufficientPods" : "InsufficientPods",
          observedGeneration: 1,
        },
      ],
    });
    expect(harness.errors).toEqual([]);
  });

  it("follows its pods, and is written only when something has changed", async () => {
    putPods(3, 3);
    putBudget({ minAvailable: 2 });
    await harness.settle();
    expect(counts()).toEqual([3, 2, 3, 1]);
    const before = harness.api.writes.length;
    putPods(3, 1);
    await harness.settle();
    expect(counts()).toEqual([3, 2, 1, 0]);
    expect(harness.api.writes.length).toBe(before + 1);
    harness.api.remove(pods, meta("p2") as never);
    await harness.settle();
    expect(counts()).toEqual([2, 2, 1, 0]);
  });

  it("of no pods lets none go", async () => {
    putBudget({ minAvailable: 0 });
    await harness.settle();
    expect(counts()).toEqual([0, 0, 0, 0]);
    expect(reasons()).toEqual(["NoPods"]);
  });

  it("of pods that nothing controls says that it cannot count", async () => {
    putPods(2, 2);
    putBudget({ maxUnavailable: 1 });
    await harness.settle();
    expect(counts()).toEqual([0, 0, 2, 0]);
    expect(harness.events()).toEqual([expect.stringContaining("(selector: app=web) were found to be unmanaged")]);
  });

  it("of a kind without a scale lets none go and says why", async () => {
    putPods(2, 2, [{ apiVersion: "batch/v1", kind: "Job", name: "j", uid: "j", controller: true }]);
    putBudget({ maxUnavailable: 1 }, { disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2 });
    await harness.settle();
    const message = "jobs.batch does not implement the scale subresource";
    expect(counts()).toEqual([2, 1, 2, 0]);
    expect(budget().status?.conditions).toMatchObject([{ status: "False", reason: "SyncFailed", message }]);
    expect(harness.errors[0]).toContain(message);
    expect(reasons()).toContain("CalculateExpectedPodCountFailed");
  });

  it("whose pods' controller is another one of the same name cannot be counted", async () => {
    const [reference] = workload(2);
    putPods(1, 1, [{ ...reference, uid: "other" }]);
    putBudget({ maxUnavailable: 1 });
    await harness.settle();
    expect(budget().status?.conditions?.[0].message).toBe('found no controllers for pod "p0"');
  });
});

describe("evicted pods", () => {
  it("do not count as healthy until they should have gone", async () => {
    putPods(3, 3);
    const now = timeText(harness.clock.now());
    putBudget({ minAvailable: 1 }, { disruptedPods: { p0: now, gone: now } });
    await harness.settle();
    expect(counts()).toEqual([3, 1, 2, 1]);
    expect(budget().status?.disruptedPods).toEqual({ p0: now });
    await harness.clock.advance(121_000);
    await harness.settle();
    expect(counts()).toEqual([3, 1, 3, 2]);
    expect(budget().status?.disruptedPods).toBeUndefined();
    expect(harness.events()).toEqual(["NotDeleted: Pod was expected by PDB default/b to be deleted but it wasn't"]);
  });

  it("that stay are no longer said to be disrupted", async () => {
    const lastTransitionTime = timeText(harness.clock.now());
    const condition = { type: "DisruptionTarget", status: "True", reason: "EvictionByEvictionAPI", lastTransitionTime };
    const status = { phase: "Running", conditions: [condition] };
    harness.api.put(pods, { metadata: meta("p"), spec: { containers: [] }, status } as never);
    await harness.clock.advance(119_000);
    const target = () => harness.api.all(pods)[0].status?.conditions?.find(({ type }) => type === "DisruptionTarget");
    expect(target()?.status).toBe("True");
    await harness.clock.advance(2_000);
    await harness.settle();
    expect(target()).toMatchObject({ type: "DisruptionTarget", status: "False" });
    expect(target()?.reason).toBeFalsy();
  });
});
