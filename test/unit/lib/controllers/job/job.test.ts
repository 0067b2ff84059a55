import { afterEach, describe, expect, it } from "vitest";
import { timeText } from "../../../../../lib/apimachinery/clock.ts";
import type { Draft } from "../../../../../lib/apimachinery/meta.ts";
import { createGarbageCollector } from "../../../../../lib/controllers/garbagecollector/garbagecollector.ts";
import { createJobController } from "../../../../../lib/controllers/job/job.ts";
import type { Job, JobSpec } from "../../../../../lib/openapi/types/batch-v1.ts";
import type { Pod } from "../../../../../lib/openapi/types/core-v1.ts";
import { jobs, pods } from "../../../../../lib/openapi/types/resources.ts";
import { type Harness, type HarnessOptions, startHarness } from "../../../../support/controller-harness.ts";

let harness: Harness;
afterEach(() => harness.stop());

function start(options: HarnessOptions = {}): Harness {
  harness = startHarness(
    [
      { name: "job-controller", create: createJobController },
      { name: "garbage-collector-controller", create: createGarbageCollector },
    ],
    options,
  );
  return harness;
}

function createJob(spec: Partial<JobSpec> = {}): Promise<Job> {
  const template = {
    metadata: { labels: { app: "work" } },
    spec: { restartPolicy: "Never", containers: [{ name: "c" }] },
  };
  const draft: Draft<Job> = {
    metadata: { name: "work", namespace: "default" },
    spec: {
      parallelism: 1,
      completions: 1,
      backoffLimit: 6,
      selector: { matchLabels: { app: "work" } },
      template: template as never,
      ...spec,
    },
  };
  return harness.api.create(jobs, draft);
}

const job = () => harness.api.all(jobs)[0];
const running = () => harness.api.all(pods).filter((pod) => pod.status?.phase === "Pending" && !ending(pod));
const ending = (pod: Pod) => pod.metadata.deletionTimestamp !== undefined;
const conditions = () =>
  (job().status?.conditions ?? []).map(({ type, status, reason }) => `${type} ${status} ${reason}`);

function finish(pod: Pod, phase: "Succeeded" | "Failed", exitCode = phase === "Succeeded" ? 0 : 1): void {
  const finishedAt = timeText(harness.clock.now());
  const terminated = { exitCode, finishedAt };
  const containerStatuses = [
    { name: "c", image: "", imageID: "", ready: false, restartCount: 0, state: { terminated } },
  ];
  harness.api.put(pods, { ...pod, status: { ...pod.status, phase, containerStatuses } });
}

async function finishAll(phase: "Succeeded" | "Failed"): Promise<number> {
  const all = running();
  for (const pod of all) finish(pod, phase);
  await harness.settle();
  return all.length;
}

describe("job controller", () => {
  it("runs one pod to its end", async () => {
    const { events, settle } = start();
    await createJob();
    await settle();
    const [pod] = running();
    expect(pod.metadata.finalizers).toEqual(["batch.kubernetes.io/job-tracking"]);
    expect(pod.metadata.generateName).toBe("work-");
    expect(job().status).toMatchObject({
      active: 1,
      ready: 0,
      terminating: 0,
      startTime: timeText(harness.clock.now() - 100),
    });
    await finishAll("Succeeded");
    expect(job().status).toMatchObject({ succeeded: 1, ready: 0, terminating: 0 });
    expect(job().status?.active).toBeUndefined();
    expect(job().status?.completionTime).toBeDefined();
    expect(job().status?.uncountedTerminatedPods).toEqual({ succeeded: [], failed: [] });
    expect(conditions()).toEqual(["SuccessCriteriaMet True CompletionsReached", "Complete True CompletionsReached"]);
    expect(harness.api.all(pods)[0].metadata.finalizers).toEqual([]);
    expect(events()).toContain("Completed: Job completed");
  });

  it("runs as many at once as it may, until all are done", async () => {
    const { settle } = start();
    await createJob({ parallelism: 3, completions: 7 });
    await settle();
    const counts: number[] = [];
    for (let round = 0; round < 5 && running().length > 0; round++) counts.push(await finishAll("Succeeded"));
    expect(counts).toEqual([3, 3, 1]);
    expect(job().status).toMatchObject({ succeeded: 7 });
    expect(conditions().at(-1)).toBe("Complete True CompletionsReached");
  });

  it("without completions ends when one has succeeded and none runs", async () => {
    const { settle } = start();
    await createJob({ parallelism: 3, completions: undefined });
    await settle();
    finish(running()[0], "Succeeded");
    await settle();
    expect(running()).toHaveLength(2);
    expect(conditions()).toEqual([]);
    await finishAll("Succeeded");
    expect(conditions().at(-1)).toBe("Complete True CompletionsReached");
    expect(job().status?.succeeded).toBe(3);
  });

  it("replaces failed pods with growing delay, and gives up after backoffLimit", async () => {
    const { clock, events, settle } = start();
    await createJob({ backoffLimit: 2 });
    await settle();
    const delays: number[] = [];
    for (let round = 0; round < 2; round++) {
      await finishAll("Failed");
      let seconds = 0;
      for (; running().length === 0 && seconds < 100; seconds++) await clock.advance(1000);
      delays.push(seconds);
    }
    expect(delays[0]).toBeGreaterThanOrEqual(9);
    expect(delays[0]).toBeLessThanOrEqual(11);
    expect(delays[1]).toBeGreaterThanOrEqual(19);
    expect(delays[1]).toBeLessThanOrEqual(21);
    await finishAll("Failed");
    expect(conditions()).toEqual(["FailureTarget True BackoffLimitExceeded", "Failed True BackoffLimitExceeded"]);
    expect(job().status).toMatchObject({ failed: 3 });
    expect(events()).toContain("BackoffLimitExceeded: Job has reached the specified backoff limit");
    await clock.advance(100_000);
    expect(running()).toEqual([]);
  });

  it("counts restarts where containers are restarted in place", async () => {
    const { settle } = start();
    const template = { metadata: { labels: { app: "work" } }, spec: { restartPolicy: "OnFailure", containers: [] } };
    await createJob({ backoffLimit: 3, template: template as never });
    await settle();
    const [pod] = running();
    const status = { name: "c", image: "", imageID: "", ready: false, restartCount: 3 };
    harness.api.put(pods, { ...pod, status: { phase: "Running", containerStatuses: [status] } });
    await settle();
    await settle();
    expect(conditions().at(-1)).toBe("Failed True BackoffLimitExceeded");
    expect(harness.api.all(pods)).toEqual([]);
  });

  it("ends at its deadline: running pods are deleted first, and it has failed when they are gone", async () => {
    const { api, clock, settle } = start();
    await createJob({ activeDeadlineSeconds: 60, parallelism: 2, completions: 2 });
    await settle();
    for (const pod of running()) api.put(pods, { ...pod, spec: { ...pod.spec, nodeName: "n1" } });
    await clock.advance(50_000);
    expect(conditions()).toEqual([]);
    await clock.advance(15_000);
    expect(conditions()).toEqual(["FailureTarget True DeadlineExceeded"]);
    expect(job().status).toMatchObject({ terminating: 2, failed: 2 });
    for (const pod of [...api.all(pods)]) api.remove(pods, pod.metadata);
    await settle();
    expect(conditions()).toEqual(["FailureTarget True DeadlineExceeded", "Failed True DeadlineExceeded"]);
    expect(job().status).toMatchObject({ terminating: 0, failed: 2 });
  });

  it("suspends and resumes", async () => {
    const { api, events, settle } = start();
    await createJob({ suspend: true, parallelism: 2, completions: 2 });
    await settle();
    expect([running().length, job().status?.startTime]).toEqual([0, undefined]);
    expect(conditions()).toEqual(["Suspended True JobSuspended"]);
    const set = async (suspend: boolean) => {
      const current = await api.get(jobs, job().metadata);
      await api.update(jobs, { ...current, spec: { ...(current.spec as JobSpec), suspend } });
      await settle();
      await settle();
    };
    await set(false);
    expect(running()).toHaveLength(2);
    expect(conditions()).toEqual(["Suspended False JobResumed"]);
    await set(true);
    expect(api.all(pods)).toEqual([]);
    expect(job().status?.failed ?? 0).toBe(0);
    expect(events()).toContain("Resumed: Job resumed");
  });

  it("gives each pod of an indexed Job its index, once", async () => {
    const { settle } = start();
    await createJob({ completionMode: "Indexed", parallelism: 3, completions: 4 });
    await settle();
    const index = (pod: Pod) => Number(pod.metadata.annotations?.["batch.kubernetes.io/job-completion-index"]);
    expect(running().map(index).sort()).toEqual([0, 1, 2]);
    const first = running().find((pod) => index(pod) === 0) as Pod;
    expect(first.metadata.name).toMatch(/^work-0-/);
    expect(first.metadata.labels).toMatchObject({ "batch.kubernetes.io/job-completion-index": "0" });
    expect(first.spec.hostname).toBe("work-0");
    expect(first.spec.containers[0].env).toEqual([
      {
        name: "JOB_COMPLETION_INDEX",
        valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-completion-index']" } },
      },
    ]);
    finish(first, "Succeeded");
    finish(running().find((pod) => index(pod) === 2) as Pod, "Succeeded");
    await settle();
    expect(running().map(index).sort()).toEqual([1, 3]);
    expect(job().status).toMatchObject({ completedIndexes: "0,2", succeeded: 2 });
    await finishAll("Succeeded");
    expect(job().status).toMatchObject({ completedIndexes: "0-3", succeeded: 4 });
    expect(conditions().at(-1)).toBe("Complete True CompletionsReached");
  });

  it("counts failures by index where that is asked for", async () => {
    const { clock, settle } = start();
    await createJob({
      completionMode: "Indexed",
      parallelism: 2,
      completions: 2,
      backoffLimit: 2_147_483_647,
      backoffLimitPerIndex: 1,
    });
    await settle();
    const of = (index: string) =>
      running().find((pod) => pod.metadata.annotations?.["batch.kubernetes.io/job-completion-index"] === index) as Pod;
    finish(of("0"), "Failed");
    finish(of("1"), "Succeeded");
    await settle();
    await clock.advance(15_000);
    expect(of("0").metadata.annotations).toMatchObject({ "batch.kubernetes.io/job-index-failure-count": "1" });
    finish(of("0"), "Failed");
    await settle();
    await settle();
    expect(job().status).toMatchObject({ completedIndexes: "1", failedIndexes: "0", failed: 2 });
    expect(conditions()).toEqual(["FailureTarget True FailedIndexes", "Failed True FailedIndexes"]);
  });

  it("ends early by its success policy", async () => {
    const { settle } = start();
    await createJob({
      completionMode: "Indexed",
      parallelism: 3,
      completions: 3,
      successPolicy: { rules: [{ succeededIndexes: "0", succeededCount: 1 }] },
    });
    await settle();
    const leader = running().find((pod) => pod.metadata.name.startsWith("work-0-")) as Pod;
    finish(leader, "Succeeded");
    await settle();
    await settle();
    expect(conditions()).toEqual(["SuccessCriteriaMet True SuccessPolicy", "Complete True SuccessPolicy"]);
    expect(running()).toEqual([]);
  });

  const policies: { name: string; action: string; want: { conditions: string[]; failed: number } }[] = [
    {
      name: "fails at once",
      action: "FailJob",
      want: { conditions: ["FailureTarget True PodFailurePolicy", "Failed True PodFailurePolicy"], failed: 1 },
    },
    { name: "does not count", action: "Ignore", want: { conditions: [], failed: 0 } },
    { name: "counts", action: "Count", want: { conditions: [], failed: 1 } },
  ];
  for (const { name, action, want } of policies) {
    it(`${name} when its failure policy says ${action}`, async () => {
      const { settle } = start();
      const onExitCodes = { operator: "In", values: [42] };
      await createJob({ podFailurePolicy: { rules: [{ action, onExitCodes }] } });
      await settle();
      const [pod] = running();
      finish(pod, "Failed", 42);
      await settle();
      await settle();
      expect(conditions()).toEqual(want.conditions);
      expect(job().status?.failed ?? 0).toBe(want.failed);
      if (action === "FailJob") {
        const message = job().status?.conditions?.[0].message;
        expect(message).toBe(
          `Container c for pod default/${pod.metadata.name} failed with exit code 42 matching FailJob rule at index 0`,
        );
      }
    });
  }

  it("counts every end once, though its informers are late and its writes fail", async () => {
    const late: (() => void)[] = [];
    let failures = 0;
    const { api, clock, settle } = start({
      delivery: (resource) => (deliver) =>
        resource.resource === "pods" || resource.resource === "jobs" ? late.push(deliver) : deliver(),
    });
    api.beforeWrite = (verb, resource) => {
      const flaky = (verb === "patch" && resource.resource === "pods") || verb === "updateStatus";
      if (flaky && ++failures % 3 === 0) throw new Error("the connection was lost");
    };
    const deliver = async () => {
      for (let round = 0; round < 30; round++) {
        for (const one of late.splice(0)) one();
        await settle();
        await clock.advance(1000);
        if (late.length === 0) return;
      }
    };
    await createJob({ parallelism: 4, completions: 10 });
    await deliver();
    for (let round = 0; round < 10 && running().length > 0; round++) {
      expect(running().length).toBeLessThanOrEqual(4);
      for (const pod of running()) finish(pod, "Succeeded");
      await deliver();
    }
    expect(job().status).toMatchObject({ succeeded: 10 });
    expect(api.all(pods)).toHaveLength(10);
    expect(conditions().at(-1)).toBe("Complete True CompletionsReached");
  });

  it("lets the pods of a deleted Job go", async () => {
    const { api, settle } = start();
    await createJob({ parallelism: 2, completions: 2 });
    await settle();
    await api.delete(jobs, job().metadata);
    await settle();
    await settle();
    expect(api.all(pods)).toEqual([]);
  });

  it("frees the pods of a Job that was deleted as orphaning", async () => {
    const { api, settle } = start();
    await createJob();
    await settle();
    await api.delete(jobs, job().metadata, { propagationPolicy: "Orphan" });
    await settle();
    await settle();
    expect(api.all(jobs)).toEqual([]);
    expect(api.all(pods)[0].metadata).toMatchObject({ finalizers: [], ownerReferences: [] });
  });

  it("leaves Jobs alone that somebody else manages", async () => {
    const { settle } = start();
    await createJob({ managedBy: "example.com/queue" });
    await settle();
    expect(running()).toEqual([]);
  });
});
