import { describe, expect, it } from "vitest";
import { podStatus, type StatusInput } from "../../../../agent/pods/status.ts";
import { container, exited, pod, runtimeContainer, runtimePod, sandbox } from "../objects.ts";

const now = Date.parse("2026-01-01T00:01:00Z");
const input = (more: Partial<StatusInput>): StatusInput => ({
  pod: pod(),
  runtime: runtimePod([runtimeContainer("main")]),
  waiting: new Map(),
  readiness: { started: () => true, ready: () => true },
  terminationMessages: new Map(),
  terminal: false,
  last: {},
  hostIps: ["192.0.2.1"],
  now,
  ...more,
});
const conditions = (status: ReturnType<typeof podStatus>) =>
  Object.fromEntries((status.conditions ?? []).map(({ type, status: value, reason }) => [type, reason ?? value]));

describe("podStatus", () => {
  it("of a running pod", () => {
    const status = podStatus(input({}));
    expect(status).toMatchObject({
      phase: "Running",
      podIP: "10.244.0.5",
      podIPs: [{ ip: "10.244.0.5" }],
      hostIP: "192.0.2.1",
      startTime: "2026-01-01T00:01:00Z",
      containerStatuses: [
        { name: "main", ready: true, started: true, containerID: "containerd://main-id", state: { running: {} } },
      ],
    });
    expect(conditions(status)).toEqual({
      PodReadyToStartContainers: "True",
      Initialized: "True",
      Ready: "True",
      ContainersReady: "True",
      PodScheduled: "True",
    });
  });

  it("of a pod that is not ready says which container", () => {
    const status = podStatus(input({ readiness: { started: () => true, ready: () => false } }));
    const ready = status.conditions?.find(({ type }) => type === "Ready");
    expect(ready).toMatchObject({
      status: "False",
      reason: "ContainersNotReady",
      message: "containers with unready status: [main]",
    });
  });

  it("of a crash loop shows the last state and why it waits", () => {
    const runtime = runtimePod([exited("main", 3, { restartCount: 2 })]);
    const waiting = new Map([["main", { reason: "CrashLoopBackOff", message: "back-off 20s" }]]);
    const messages = new Map([["main-id", "last words"]]);
    const [status] = podStatus(input({ runtime, waiting, terminationMessages: messages })).containerStatuses ?? [];
    expect(status).toMatchObject({
      ready: false,
      restartCount: 2,
      state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 20s" } },
      lastState: { terminated: { exitCode: 3, reason: "Error", message: "last words" } },
    });
  });

  it("waits for creation, and for init containers", () => {
    const runtime = runtimePod([], []);
    const reason = (object = pod()) =>
      podStatus(input({ pod: object, runtime })).containerStatuses?.[0].state?.waiting?.reason;
    expect(reason()).toBe("ContainerCreating");
    expect(reason(pod({ initContainers: [container("init")] }))).toBe("PodInitializing");
  });

  it("keeps times of conditions that have not changed, and conditions of others", () => {
    const old = "2025-12-31T00:00:00Z";
    const other = { type: "example.com/gate", status: "True", lastTransitionTime: old };
    const object = pod({}, { status: { conditions: [other] } });
    const last = { conditions: [{ type: "Ready", status: "True", lastTransitionTime: old }], startTime: old };
    const status = podStatus(input({ pod: object, last }));
    const times = Object.fromEntries(
      (status.conditions ?? []).map(({ type, lastTransitionTime }) => [type, lastTransitionTime]),
    );
    expect(times).toMatchObject({ Ready: old, ContainersReady: "2026-01-01T00:01:00Z", "example.com/gate": old });
    expect(status.startTime).toBe(old);
  });

  it("never leaves a final phase", () => {
    const status = podStatus(input({ last: { phase: "Failed", reason: "Evicted" } }));
    expect(status).toMatchObject({ phase: "Failed", reason: "Evicted" });
  });

  it("says why the node has ended it", () => {
    const failed = { reason: "DeadlineExceeded", message: "too long" };
    const status = podStatus(input({ failed, runtime: runtimePod([exited("main", 137)]) }));
    expect(status).toMatchObject({ phase: "Failed", ...failed });
    expect(conditions(status)).toMatchObject({ Ready: "PodFailed" });
  });

  it("keeps its addresses when the sandbox is gone", () => {
    const last = { podIP: "10.244.0.9", podIPs: [{ ip: "10.244.0.9" }] };
    const status = podStatus(
      input({ last, runtime: runtimePod([exited("main", 0)], [sandbox({ ready: false, ips: [] })]) }),
    );
    expect(status.podIP).toBe("10.244.0.9");
  });

  it("has the machine's address in the machine's network", () => {
    const object = pod({ hostNetwork: true });
    const runtime = runtimePod([runtimeContainer("main")], [sandbox({ ips: [] })]);
    expect(podStatus(input({ pod: object, runtime })).podIP).toBe("192.0.2.1");
  });

  it("says that a container has vanished", () => {
    const last = { containerStatuses: podStatus(input({})).containerStatuses };
    const [status] = podStatus(input({ last, runtime: runtimePod([], []), terminal: true })).containerStatuses ?? [];
    expect(status.state?.terminated).toMatchObject({ exitCode: 137, reason: "ContainerStatusUnknown" });
  });

  it("is complete when init containers are: Initialized", () => {
    const object = pod({ initContainers: [container("init")] });
    const before = podStatus(input({ pod: object, runtime: runtimePod([runtimeContainer("init")]) }));
    expect(conditions(before)).toMatchObject({ Initialized: "ContainersNotInitialized" });
    const after = podStatus(input({ pod: object, runtime: runtimePod([runtimeContainer("main"), exited("init", 0)]) }));
    expect(conditions(after)).toMatchObject({ Initialized: "True" });
    expect(after.initContainerStatuses?.[0]).toMatchObject({
      ready: true,
      state: { terminated: { reason: "Completed" } },
    });
  });
});
