import { afterEach, expect, it, vi } from "vitest";
import { Prober } from "../../../../../agent/pods/probes/prober.ts";
import { systemClock, systemRandom } from "../../../../../lib/apimachinery/clock.ts";
import { FakeRuntime } from "../../fake-runtime.ts";
import { container, exited, pod, runtimeContainer, runtimePod } from "../../objects.ts";

const exec = { exec: { command: ["x"] }, periodSeconds: 1 };
let prober: Prober | undefined;
afterEach(() => prober?.stop());

async function setUp(results: boolean[]) {
  const runtime = new FakeRuntime();
  const id = await runtime.createContainer("box", { metadata: { name: "main", attempt: 0 }, labels: {} } as never);
  let calls = 0;
  runtime.execSync = async () => {
    const passes = results[Math.min(calls++, results.length - 1)];
    return { stdout: Buffer.from("out"), stderr: Buffer.alloc(0), exitCode: passes ? 0 : 1 };
  };
  const events: string[] = [];
  const changed: boolean[] = [];
  // Seconds pass as milliseconds: a probe's period is no less than a second.
  const clock = {
    now: () => Date.now(),
    sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 100, signal),
  };
  prober = new Prober({
    runtime,
    clock,
    random: systemRandom,
    record: (_pod, _container, message) => events.push(message),
    onChange: () => changed.push(prober?.ready(container("main", { readinessProbe: exec }), id) ?? false),
  });
  return { prober, id, events, changed, calls: () => calls };
}

const runs = (id: string) => runtimePod([runtimeContainer("main", { id })]);

it("readiness: not ready until it has passed, and again when it fails often enough", async () => {
  const main = container("main", { readinessProbe: { ...exec, failureThreshold: 2, initialDelaySeconds: 1 } });
  const { prober, id, events, changed } = await setUp([true, true, false]);
  prober.sync(pod({ containers: [main] }), runs(id), "127.0.0.1");
  expect(prober.ready(main, id)).toBe(false);
  await vi.waitFor(() => expect(changed).toEqual([true, false]));
  expect(events.slice(0, 2)).toEqual(["Readiness probe failed: out", "Readiness probe failed: out"]);
});

it("liveness waits for startup; a container that failed is not asked again", async () => {
  const startupProbe = { ...exec, failureThreshold: 5 };
  const main = container("main", { startupProbe, livenessProbe: { ...exec, failureThreshold: 1 } });
  const { prober, id, events, calls } = await setUp([false, false, true, false]);
  prober.sync(pod({ containers: [main] }), runs(id), "127.0.0.1");
  expect(prober.started(main, id)).toBe(false);
  await vi.waitFor(() => expect(prober.liveness(id)).toBe(false));
  expect(prober.started(main, id)).toBe(true);
  expect(events).toEqual(["Startup probe failed: out", "Startup probe failed: out", "Liveness probe failed: out"]);
  await systemClock.sleep(50);
  expect(calls()).toBe(4);
});

it("startup that fails too often says so", async () => {
  const main = container("main", { startupProbe: { ...exec, failureThreshold: 2 } });
  const { prober, id } = await setUp([false]);
  prober.sync(pod({ containers: [main] }), runs(id), "127.0.0.1");
  await vi.waitFor(() => expect(prober.startup(id)).toBe(false));
});

it("nothing is asked of a container that has ended", async () => {
  const main = container("main", { livenessProbe: exec });
  const { prober, id, calls } = await setUp([true]);
  prober.sync(pod({ containers: [main] }), runs(id), "127.0.0.1");
  await vi.waitFor(() => expect(calls()).toBeGreaterThan(0));
  prober.sync(pod({ containers: [main] }), runtimePod([exited("main", 1, { id })]), "127.0.0.1");
  await systemClock.sleep(20);
  const before = calls();
  await systemClock.sleep(50);
  expect(calls()).toBe(before);
});

it("a container without probes is started and ready", async () => {
  const { prober } = await setUp([]);
  expect([prober.started(container("main"), "x"), prober.ready(container("main"), "x")]).toEqual([true, true]);
});

it("what an earlier agent has found out is taken over, and asked again", async () => {
  const startupProbe = { ...exec, failureThreshold: 1 };
  const main = container("main", { startupProbe, readinessProbe: { ...exec, failureThreshold: 1 } });
  const { prober, id, changed } = await setUp([false]);
  const status = { name: "main", image: "", imageID: "", restartCount: 0, ready: true, started: true };
  const adopted = (containerID: string) =>
    pod({ containers: [main] }, { status: { containerStatuses: [{ ...status, containerID }] } });
  prober.adopt(adopted("containerd://another"));
  expect([prober.started(main, id), prober.ready(main, id)]).toEqual([false, false]);
  prober.adopt(adopted(`containerd://${id}`));
  expect([prober.started(main, id), prober.ready(main, id)]).toEqual([true, true]);
  prober.sync(adopted(`containerd://${id}`), runs(id), "127.0.0.1");
  expect(prober.ready(main, id)).toBe(true);
  await vi.waitFor(() => expect(changed).toEqual([false]));
  prober.adopt(adopted(`containerd://${id}`));
  expect([prober.started(main, id), prober.ready(main, id)]).toEqual([true, false]);
});
