/** A pod's row (upstream: printPod). */
import type { Container, ContainerStatus, Pod } from "../../../openapi/types/core-v1.ts";
import { ageCell } from "../../printers/cells.ts";
import { humanDuration } from "../../printers/duration.ts";
import type { TableContext } from "../../strategy.ts";

interface Tally {
  reason: string;
  restarts: number;
  ready: number;
  lastRestart: string;
}

const endOf = (status: ContainerStatus) => status.lastState?.terminated?.finishedAt ?? "";
const later = (a: string, b: string) => (b > a ? b : a);

function endReason(
  { reason, signal, exitCode }: { reason?: string; signal?: number; exitCode?: number },
  prefix: string,
): string {
  if (reason) return prefix + reason;
  return signal ? `${prefix}Signal:${signal}` : `${prefix}ExitCode:${exitCode ?? 0}`;
}

/** Why initialization has not got further at one of its containers; undefined where it has. */
function initReason(status: ContainerStatus, sidecar: boolean, index: number, count: number): string | undefined {
  const { terminated, waiting } = status.state ?? {};
  if (terminated && (terminated.exitCode ?? 0) === 0) return undefined;
  if (sidecar && status.started) return undefined;
  if (terminated) return endReason(terminated, "Init:");
  if (waiting?.reason && waiting.reason !== "PodInitializing") return `Init:${waiting.reason}`;
  return `Init:${index}/${count}`;
}

function tallyInit(pod: Pod, sidecars: ReadonlyMap<string, Container>, tally: Tally, sidecarTally: Tally): boolean {
  const statuses = pod.status?.initContainerStatuses ?? [];
  for (const [index, status] of statuses.entries()) {
    const sidecar = sidecars.has(status.name);
    tally.restarts += status.restartCount ?? 0;
    tally.lastRestart = later(tally.lastRestart, endOf(status));
    if (sidecar) {
      sidecarTally.restarts += status.restartCount ?? 0;
      sidecarTally.lastRestart = later(sidecarTally.lastRestart, endOf(status));
    }
    const reason = initReason(status, sidecar, index, (pod.spec.initContainers ?? []).length);
    if (reason === undefined) {
      if (sidecar && status.started && status.ready) tally.ready++;
      continue;
    }
    tally.reason = reason;
    return true;
  }
  return false;
}

function tallyContainers(pod: Pod, tally: Tally): void {
  let running = false;
  let error = "";
  for (const status of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    const { waiting, terminated, running: runs } = status.state ?? {};
    tally.restarts += status.restartCount ?? 0;
    tally.lastRestart = later(tally.lastRestart, endOf(status));
    if (waiting?.reason) tally.reason = waiting.reason;
    else if (terminated) {
      tally.reason = endReason(terminated, "");
      if (terminated.exitCode) error = tally.reason;
    } else if (status.ready && runs) {
      running = true;
      tally.ready++;
    }
  }
  if (tally.reason !== "Completed") return;
  if (running && has(pod, "Ready")) tally.reason = "Running";
  else if (error !== "") tally.reason = error;
  else if (running) tally.reason = "NotReady";
}

const has = ({ status }: Pod, name: string) =>
  status?.conditions?.some(({ type, status: value }) => type === name && value === "True") === true;

function readinessGates(pod: Pod): string {
  const gates = pod.spec.readinessGates ?? [];
  if (gates.length === 0) return "<none>";
  return `${gates.filter(({ conditionType }) => has(pod, conditionType)).length}/${gates.length}`;
}

/** Name, ready, status, restarts, age, IP, node, nominated node, readiness gates. */
export function podCells(pod: Pod, { now }: TableContext): unknown[] {
  const { spec, status = {}, metadata } = pod;
  const sidecars = new Map(
    (spec.initContainers ?? []).filter((one) => one.restartPolicy === "Always").map((one) => [one.name, one]),
  );
  const gated = status.conditions?.some(({ type, reason }) => type === "PodScheduled" && reason === "SchedulingGated");
  const tally: Tally = {
    reason: gated ? "SchedulingGated" : status.reason || (status.phase ?? ""),
    restarts: 0,
    ready: 0,
    lastRestart: "",
  };
  const sidecarTally: Tally = { ...tally };
  const initializing = tallyInit(pod, sidecars, tally, sidecarTally);
  if (!initializing || has(pod, "Initialized")) {
    tally.restarts = sidecarTally.restarts;
    tally.lastRestart = sidecarTally.lastRestart;
    tallyContainers(pod, tally);
  }
  const ended = status.phase === "Succeeded" || status.phase === "Failed";
  if (metadata.deletionTimestamp && status.reason === "NodeLost") tally.reason = "Unknown";
  else if (metadata.deletionTimestamp && !ended) tally.reason = "Terminating";
  const ago = tally.lastRestart === "" ? "" : ` (${humanDuration(now - Date.parse(tally.lastRestart))} ago)`;
  return [
    metadata.name,
    `${tally.ready}/${(spec.containers ?? []).length + sidecars.size}`,
    tally.reason,
    tally.restarts === 0 ? "0" : `${tally.restarts}${ago}`,
    ageCell(metadata.creationTimestamp, now),
    status.podIPs?.[0]?.ip || "<none>",
    spec.nodeName || "<none>",
    status.nominatedNodeName || "<none>",
    readinessGates(pod),
  ];
}

/** What a row says of a pod that has ended, so that clients can grey it out. */
export function podRowConditions({ status }: Pod): unknown[] | undefined {
  const condition = (reason: string, message: string) => [{ type: "Completed", status: "True", reason, message }];
  if (status?.phase === "Succeeded") return condition("Succeeded", "The pod has completed successfully.");
  if (status?.phase === "Failed") return condition("Failed", "The pod failed.");
  return undefined;
}
