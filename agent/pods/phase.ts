/** A pod's phase from its containers' states (upstream: kubelet.getPhase). */
import type { Container, ContainerStatus, Pod } from "../../lib/openapi/types/core-v1.ts";
import { isSidecar } from "./actions.ts";

/** The phases. */
export type PodPhase = "Pending" | "Running" | "Succeeded" | "Failed";

type Found = { kind: "running" | "waiting" | "unknown" } | { kind: "stopped"; exitCode: number };

/** A waiting container that has run before counts as stopped. */
function stateOf(status: ContainerStatus | undefined): Found {
  const { state, lastState } = status ?? {};
  if (state?.running) return { kind: "running" };
  if (state?.terminated) return { kind: "stopped", exitCode: state.terminated.exitCode };
  if (!state?.waiting) return { kind: "unknown" };
  if (lastState?.terminated) return { kind: "stopped", exitCode: lastState.terminated.exitCode };
  return { kind: "waiting" };
}

function restartable(container: Container, pod: Pod, exitCode: number): boolean {
  const policy = container.restartPolicy ?? pod.spec.restartPolicy;
  if (policy === "Never") return false;
  return policy !== "OnFailure" || exitCode !== 0;
}

/**
 * The phase. `terminal`: the pod has been told to end and everything has; `initialized`: a regular container runs or
 * has been made.
 */
export function podPhase(
  pod: Pod,
  statuses: ReadonlyMap<string, ContainerStatus>,
  terminal: boolean,
  initialized: boolean,
): PodPhase {
  const inits = (pod.spec.initContainers ?? []).filter((container) => !isSidecar(container));
  let pendingInit = 0;
  for (const container of inits) {
    const found = stateOf(statuses.get(container.name));
    if (found.kind !== "stopped") pendingInit++;
    else if (found.exitCode !== 0 && !restartable(container, pod, found.exitCode)) return "Failed";
  }
  const count = { running: 0, waiting: 0, stopped: 0, unknown: 0, final: 0, succeeded: 0, pendingSidecars: 0 };
  for (const container of (pod.spec.initContainers ?? []).filter(isSidecar)) {
    const status = statuses.get(container.name);
    const found = stateOf(status);
    if (found.kind === "running" && !status?.started) count.pendingSidecars++;
    if ((found.kind === "waiting" || found.kind === "unknown") && status !== undefined) count.pendingSidecars++;
    // A sidecar that has ended says nothing of the phase.
    if (found.kind !== "stopped") count[found.kind]++;
  }
  for (const container of pod.spec.containers) {
    const found = stateOf(statuses.get(container.name));
    count[found.kind]++;
    if (found.kind !== "stopped") continue;
    if (!restartable(container, pod, found.exitCode)) count.final++;
    if (found.exitCode === 0) count.succeeded++;
  }
  if (pendingInit > 0 || (count.pendingSidecars > 0 && !initialized) || count.waiting > 0) return "Pending";
  if (count.unknown > 0) return "Pending";
  if (count.running > 0) return "Running";
  if (count.stopped === 0) return "Pending";
  if (!terminal && count.stopped !== count.final) return "Running";
  return count.stopped === count.succeeded ? "Succeeded" : "Failed";
}
