import { describe, expect, test } from "vitest";
import type { Pod } from "../../../../../../lib/openapi/types/core-v1.ts";
import { podCells, podRowConditions } from "../../../../../../lib/registry/core/pod/cells.ts";
import { now } from "../../objects.ts";

const ago = (seconds: number) => new Date(now - seconds * 1_000).toISOString();
const terminated = (more: object) => ({ terminated: { exitCode: 0, ...more } });
const container = (state: object, more: object = {}) => ({ name: "c", ready: false, restartCount: 0, state, ...more });

function cells(status: object, spec: object = {}, metadata: object = {}): unknown[] {
  const pod = {
    metadata: { name: "a", creationTimestamp: ago(300), ...metadata },
    spec: { containers: [{ name: "c" }], ...spec },
    status: { phase: "Running", ...status },
  } as unknown as Pod;
  return podCells(pod, { now });
}

const initial = { initContainers: [{ name: "i" }, { name: "j" }] };
const sidecar = { initContainers: [{ name: "s", restartPolicy: "Always" }] };

/** ready, status, restarts */
const cases = [
  { name: "pending", status: { phase: "Pending" }, want: ["0/1", "Pending", "0"] },
  {
    name: "running",
    status: { containerStatuses: [container({ running: {} }, { ready: true })] },
    want: ["1/1", "Running", "0"],
  },
  {
    name: "crashing",
    status: {
      containerStatuses: [
        container(
          { waiting: { reason: "CrashLoopBackOff" } },
          { restartCount: 3, lastState: terminated({ finishedAt: ago(300) }) },
        ),
      ],
    },
    want: ["0/1", "CrashLoopBackOff", "3 (5m ago)"],
  },
  {
    name: "completed",
    status: { phase: "Succeeded", containerStatuses: [container(terminated({ reason: "Completed" }))] },
    want: ["0/1", "Completed", "0"],
  },
  {
    name: "failed by a signal",
    status: { phase: "Failed", containerStatuses: [container(terminated({ exitCode: 137, signal: 9 }))] },
    want: ["0/1", "Signal:9", "0"],
  },
  {
    name: "failed by a code",
    status: { phase: "Failed", containerStatuses: [container(terminated({ exitCode: 2 }))] },
    want: ["0/1", "ExitCode:2", "0"],
  },
  {
    name: "evicted",
    status: { phase: "Failed", reason: "Evicted" },
    want: ["0/1", "Evicted", "0"],
  },
  {
    name: "initializing",
    spec: initial,
    status: { phase: "Pending", initContainerStatuses: [container(terminated({})), container({ running: {} })] },
    want: ["0/1", "Init:1/2", "0"],
  },
  {
    name: "an init container in trouble",
    spec: initial,
    status: {
      phase: "Pending",
      initContainerStatuses: [container({ waiting: { reason: "ImagePullBackOff" } }, { restartCount: 2 })],
    },
    want: ["0/1", "Init:ImagePullBackOff", "2"],
  },
  {
    name: "a sidecar counts",
    spec: sidecar,
    status: {
      initContainerStatuses: [{ name: "s", ready: true, started: true, restartCount: 1, state: { running: {} } }],
      containerStatuses: [container({ running: {} }, { ready: true, restartCount: 1 })],
    },
    want: ["2/2", "Running", "2"],
  },
  {
    name: "a gate",
    status: { phase: "Pending", conditions: [{ type: "PodScheduled", status: "False", reason: "SchedulingGated" }] },
    want: ["0/1", "SchedulingGated", "0"],
  },
  {
    name: "terminating",
    metadata: { deletionTimestamp: ago(1) },
    status: { containerStatuses: [container({ running: {} }, { ready: true })] },
    want: ["1/1", "Terminating", "0"],
  },
  {
    name: "lost with its node",
    metadata: { deletionTimestamp: ago(1) },
    status: { reason: "NodeLost" },
    want: ["0/1", "Unknown", "0"],
  },
  {
    name: "one ended, one running and ready",
    spec: { containers: [{ name: "c" }, { name: "d" }] },
    status: {
      conditions: [{ type: "Ready", status: "True" }],
      containerStatuses: [container(terminated({ reason: "Completed" })), container({ running: {} }, { ready: true })],
    },
    want: ["1/2", "Running", "0"],
  },
];

describe("ready, status, restarts", () => {
  test.each(cases)("$name", ({ status, spec, metadata, want }) => {
    expect(cells(status, spec, metadata).slice(1, 4)).toEqual(want);
  });
});

test("wide columns", () => {
  const status = {
    podIPs: [{ ip: "10.1.2.3" }],
    nominatedNodeName: "m",
    conditions: [{ type: "a.test/g", status: "True" }],
  };
  const spec = { nodeName: "n", readinessGates: [{ conditionType: "a.test/g" }, { conditionType: "a.test/h" }] };
  expect(cells(status, spec).slice(4)).toEqual(["5m", "10.1.2.3", "n", "m", "1/2"]);
  expect(cells({}).slice(5)).toEqual(["<none>", "<none>", "<none>", "<none>"]);
});

test("rows of pods that have ended say so", () => {
  const row = (phase: string) => podRowConditions({ status: { phase } } as unknown as Pod);
  expect(row("Succeeded")).toMatchObject([{ type: "Completed", status: "True", reason: "Succeeded" }]);
  expect(row("Failed")).toMatchObject([{ type: "Completed", reason: "Failed" }]);
  expect(row("Running")).toBeUndefined();
});
