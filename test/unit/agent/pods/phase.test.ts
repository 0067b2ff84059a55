import { expect, it } from "vitest";
import { podPhase } from "../../../../agent/pods/phase.ts";
import type { ContainerState, ContainerStatus } from "../../../../lib/openapi/types/core-v1.ts";
import { container, pod } from "../objects.ts";

const state = (name: string, now: ContainerState, last: ContainerState = {}, started = true): ContainerStatus => ({
  name,
  image: "",
  imageID: "",
  ready: false,
  restartCount: 0,
  started,
  state: now,
  lastState: last,
});
const running = { running: {} };
const waiting = { waiting: {} };
const ended = (exitCode: number) => ({ terminated: { exitCode } });
const inits = { initContainers: [container("init")] };
const side = { initContainers: [container("side", { restartPolicy: "Always" })] };

const cases = [
  { name: "nothing known", statuses: [], want: "Pending" },
  { name: "waits", statuses: [state("main", waiting)], want: "Pending" },
  { name: "runs", statuses: [state("main", running)], want: "Running" },
  { name: "waits to be restarted", statuses: [state("main", waiting, ended(1))], want: "Running" },
  { name: "succeeded under Always", statuses: [state("main", ended(0))], want: "Running" },
  {
    name: "succeeded under Never",
    spec: { restartPolicy: "Never" },
    statuses: [state("main", ended(0))],
    want: "Succeeded",
  },
  { name: "failed under Never", spec: { restartPolicy: "Never" }, statuses: [state("main", ended(1))], want: "Failed" },
  {
    name: "failed under OnFailure",
    spec: { restartPolicy: "OnFailure" },
    statuses: [state("main", ended(1))],
    want: "Running",
  },
  {
    name: "succeeded under OnFailure",
    spec: { restartPolicy: "OnFailure" },
    statuses: [state("main", ended(0))],
    want: "Succeeded",
  },
  { name: "told to end", statuses: [state("main", ended(143))], terminal: true, want: "Failed" },
  { name: "told to end, ended well", statuses: [state("main", ended(0))], terminal: true, want: "Succeeded" },
  { name: "init runs", spec: inits, statuses: [state("init", running), state("main", waiting)], want: "Pending" },
  {
    name: "init failed for good",
    spec: { ...inits, restartPolicy: "Never" },
    statuses: [state("init", ended(1)), state("main", waiting)],
    want: "Failed",
  },
  { name: "init done", spec: inits, statuses: [state("init", ended(0)), state("main", running)], want: "Running" },
  {
    name: "sidecar starts",
    spec: side,
    statuses: [state("side", running, {}, false), state("main", waiting)],
    want: "Pending",
  },
  {
    name: "main ended, sidecar was ended after it",
    spec: { ...side, restartPolicy: "Never" },
    statuses: [state("side", ended(143)), state("main", ended(0))],
    want: "Succeeded",
  },
  {
    name: "main ended, sidecar still runs",
    spec: { ...side, restartPolicy: "Never" },
    statuses: [state("side", running), state("main", ended(0))],
    want: "Running",
  },
];

it.each(cases)("$name", ({ spec = {}, statuses, terminal = false, want }) => {
  const byName = new Map(statuses.map((status) => [status.name, status]));
  expect(podPhase(pod(spec), byName, terminal, false)).toBe(want);
});
