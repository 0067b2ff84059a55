import { describe, expect, it } from "vitest";
import {
  type PodActions,
  type ProbeResults,
  podActions,
  sandboxChange,
  shouldRestart,
} from "../../../../agent/pods/actions.ts";
import { container, exited, pod, runtimeContainer, runtimePod, sandbox } from "../objects.ts";

const noProbes: ProbeResults = { liveness: () => undefined, startup: () => undefined };
const names = (actions: PodActions) => ({
  ...(actions.killPod ? { killPod: true } : {}),
  ...(actions.createSandbox ? { createSandbox: true } : {}),
  init: actions.initContainersToStart.map(({ name }) => name),
  start: actions.containersToStart.map(({ name }) => name),
  kill: actions.containersToKill.map(({ message }) => message),
});
const none = { init: [], start: [], kill: [] };
const init = [container("one"), container("two")];
const sidecar = container("side", { restartPolicy: "Always" });

describe("podActions", () => {
  const cases = [
    {
      name: "new pod",
      pod: pod(),
      runtime: runtimePod([], []),
      want: { ...none, killPod: true, createSandbox: true, start: ["main"] },
    },
    {
      name: "new pod with init containers starts the first",
      pod: pod({ initContainers: init }),
      runtime: runtimePod([], []),
      want: { ...none, killPod: true, createSandbox: true, init: ["one"] },
    },
    { name: "all runs", pod: pod(), runtime: runtimePod([runtimeContainer("main")]), want: none },
    { name: "sandbox without containers", pod: pod(), runtime: runtimePod(), want: { ...none, start: ["main"] } },
    {
      name: "dead sandbox is replaced",
      pod: pod(),
      runtime: runtimePod([exited("main", 137)], [sandbox({ ready: false })]),
      want: { ...none, killPod: true, createSandbox: true, start: ["main"] },
    },
    {
      name: "dead sandbox of a pod that never restarts",
      pod: pod({ restartPolicy: "Never" }),
      runtime: runtimePod([exited("main", 1)], [sandbox({ ready: false })]),
      want: { ...none, killPod: true },
    },
    {
      name: "dead sandbox of a pod that has succeeded",
      pod: pod({ restartPolicy: "OnFailure" }),
      runtime: runtimePod([exited("main", 0)], [sandbox({ ready: false })]),
      want: { ...none, killPod: true },
    },
    {
      name: "Always restarts a success",
      pod: pod(),
      runtime: runtimePod([exited("main", 0)]),
      want: { ...none, start: ["main"] },
    },
    {
      name: "OnFailure restarts a failure",
      pod: pod({ restartPolicy: "OnFailure" }),
      runtime: runtimePod([exited("main", 3)]),
      want: { ...none, start: ["main"] },
    },
    {
      name: "OnFailure leaves a success, and the pod ends",
      pod: pod({ restartPolicy: "OnFailure" }),
      runtime: runtimePod([exited("main", 0)]),
      want: { ...none, killPod: true },
    },
    {
      name: "Never leaves a failure, and the pod ends",
      pod: pod({ restartPolicy: "Never" }),
      runtime: runtimePod([exited("main", 1)]),
      want: { ...none, killPod: true },
    },
    {
      name: "one of two has ended for good",
      pod: pod({ restartPolicy: "Never", containers: [container("main"), container("other")] }),
      runtime: runtimePod([exited("main", 1), runtimeContainer("other")]),
      want: none,
    },
    {
      name: "another image",
      pod: pod({ containers: [container("main", { image: "app:2" })] }),
      runtime: runtimePod([runtimeContainer("main")]),
      want: { ...none, start: ["main"], kill: ["Container main definition changed, will be restarted"] },
    },
    {
      name: "first init container has succeeded",
      pod: pod({ initContainers: init }),
      runtime: runtimePod([exited("one", 0)]),
      want: { ...none, init: ["two"] },
    },
    {
      name: "init container runs",
      pod: pod({ initContainers: init }),
      runtime: runtimePod([runtimeContainer("one")]),
      want: none,
    },
    {
      name: "init container has failed",
      pod: pod({ initContainers: init }),
      runtime: runtimePod([exited("one", 1)]),
      want: { ...none, init: ["one"] },
    },
    {
      name: "init container has failed for good",
      pod: pod({ initContainers: init, restartPolicy: "Never" }),
      runtime: runtimePod([exited("one", 1)]),
      want: { ...none, killPod: true },
    },
    {
      name: "all init containers have succeeded",
      pod: pod({ initContainers: init }),
      runtime: runtimePod([exited("two", 0), exited("one", 0)]),
      want: { ...none, start: ["main"] },
    },
    {
      name: "init containers are not run again when a container restarts",
      pod: pod({ initContainers: init, containers: [container("main"), container("b")] }),
      runtime: runtimePod([exited("main", 1), runtimeContainer("b"), exited("two", 0), exited("one", 0)]),
      want: { ...none, start: ["main"] },
    },
    {
      name: "sidecar runs: the next begins",
      pod: pod({ initContainers: [sidecar, container("two")] }),
      runtime: runtimePod([runtimeContainer("side")]),
      want: { ...none, init: ["two"] },
    },
    {
      name: "sidecar that has ended is started again",
      pod: pod({ initContainers: [sidecar] }),
      runtime: runtimePod([runtimeContainer("main"), exited("side", 0)]),
      want: { ...none, init: ["side"] },
    },
    {
      name: "sidecar waits for its startup probe",
      pod: pod({ initContainers: [{ ...sidecar, startupProbe: { exec: { command: ["true"] } } }] }),
      runtime: runtimePod([runtimeContainer("side")]),
      want: none,
    },
  ];
  it.each(cases)("$name", ({ pod: object, runtime, want }) => {
    expect(names(podActions(object, runtime, noProbes))).toEqual(want);
  });

  it("restarts what fails its liveness probe, but not under Never", () => {
    const failing: ProbeResults = { liveness: () => false, startup: () => undefined };
    const runtime = runtimePod([runtimeContainer("main")]);
    const always = podActions(pod(), runtime, failing);
    expect(names(always)).toEqual({
      ...none,
      start: ["main"],
      kill: ["Container main failed liveness probe, will be restarted"],
    });
    expect(always.containersToKill[0].reason).toBe("LivenessProbe");
    const never = podActions(pod({ restartPolicy: "Never" }), runtime, failing);
    expect(never.containersToStart).toEqual([]);
    expect(never.containersToKill[0].message).toBe("Container main failed liveness probe");
  });
});

describe("sandboxChange", () => {
  const cases = [
    { name: "none", sandboxes: [], want: { changed: true, attempt: 0 } },
    { name: "ready", sandboxes: [sandbox()], want: { changed: false, attempt: 0, id: "box" } },
    {
      name: "not ready",
      sandboxes: [sandbox({ ready: false, attempt: 2 })],
      want: { changed: true, attempt: 3, id: "box" },
    },
    { name: "without address", sandboxes: [sandbox({ ips: [] })], want: { changed: true, attempt: 1, id: "box" } },
    {
      name: "two ready",
      sandboxes: [sandbox({ attempt: 1 }), sandbox()],
      want: { changed: true, attempt: 2, id: "box" },
    },
  ];
  it.each(cases)("$name", ({ sandboxes, want }) => {
    expect(sandboxChange(pod(), runtimePod([], sandboxes))).toEqual(want);
  });
  it("needs no address in the machine's network", () => {
    expect(sandboxChange(pod({ hostNetwork: true }), runtimePod([], [sandbox({ ips: [] })])).changed).toBe(false);
  });
});

it("a pod that is being deleted restarts nothing", () => {
  const object = pod({}, { metadata: { ...pod().metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } });
  expect(shouldRestart(object.spec.containers[0], object, runtimePod([exited("main", 1)]))).toBe(false);
});
