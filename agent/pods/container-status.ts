/** Containers as a pod's status shows them (upstream: kubelet.convertToAPIContainerStatuses). */
import { timeText } from "../../lib/apimachinery/clock.ts";
import type { Container, ContainerState, ContainerStatus, Pod } from "../../lib/openapi/types/core-v1.ts";
import { isSidecar, shouldRestart } from "./actions.ts";
import type { RuntimeContainer, RuntimePod } from "./runtime-pod.ts";

/** Why a container waits, by name. */
export type WaitingReasons = ReadonlyMap<string, { reason: string; message: string }>;

/** What probes say of containers. */
export interface Readiness {
  /** Whether the startup probe has succeeded, or there is none. */
  started(container: Container, id: string): boolean;
  ready(container: Container, id: string): boolean;
}

/** What a container's status depends on. */
export interface ContainerStatusInput {
  readonly pod: Pod;
  readonly runtime: RuntimePod;
  readonly waiting: WaitingReasons;
  readonly readiness: Readiness;
  /** The status written before. */
  readonly before: readonly ContainerStatus[];
  /** Text of the termination message by container id. */
  readonly terminationMessages: ReadonlyMap<string, string>;
  /** The pod will not run again. */
  readonly terminal: boolean;
}

const idText = (container: RuntimeContainer) => `containerd://${container.id}`;
const time = (ms: number | undefined) => (ms === undefined ? undefined : timeText(ms));

/** One status a container, in the spec's order. */
export function containerStatuses(containers: readonly Container[], input: ContainerStatusInput): ContainerStatus[] {
  return containers.map((container) => containerStatus(container, input));
}

function containerStatus(container: Container, input: ContainerStatusInput): ContainerStatus {
  const { runtime, pod, before, waiting } = input;
  const old = before.find(({ name }) => name === container.name);
  const [newest, previous] = runtime.containers.filter(({ name }) => name === container.name);
  if (newest === undefined) return neverMade(container, input, old);
  const status = convert(container, newest, input);
  if (previous?.state === "Exited") status.lastState = stateOf(previous, input);
  else if (newest.restartCount > 0 && old?.lastState) status.lastState = old.lastState;
  const why = waiting.get(container.name);
  // A container that will be started again waits; what it was is its last state.
  const again = newest.state === "Exited" && !input.terminal && shouldRestart(container, pod, runtime);
  const regular = !isSidecar(container) && (pod.spec.initContainers ?? []).some(({ name }) => name === container.name);
  const done = regular && newest.exitCode === 0;
  if (why !== undefined && again && !done) {
    status.lastState = stateOf(newest, input);
    status.state = { waiting: { reason: why.reason, ...(why.message ? { message: why.message } : {}) } };
  } else if (why !== undefined && newest.state === "Created") {
    status.state = { waiting: { reason: why.reason, ...(why.message ? { message: why.message } : {}) } };
  }
  return finish(status, container, newest, input);
}

function neverMade(
  container: Container,
  { waiting, pod, terminal }: ContainerStatusInput,
  old: ContainerStatus | undefined,
): ContainerStatus {
  const why = waiting.get(container.name);
  const isInit = (pod.spec.initContainers ?? []).some(({ name }) => name === container.name);
  const hasInits = (pod.spec.initContainers ?? []).length > 0;
  const reason = why?.reason ?? (hasInits ? "PodInitializing" : "ContainerCreating");
  const status: ContainerStatus = {
    name: container.name,
    image: container.image ?? "",
    imageID: "",
    ready: false,
    restartCount: old?.restartCount ?? 0,
    started: false,
    state: { waiting: { reason, ...(why?.message ? { message: why.message } : {}) } },
    lastState: old?.lastState ?? {},
    ...mounts(container),
  };
  if (old?.state?.terminated) {
    return { ...old, ready: isInit && !isSidecar(container) && old.state.terminated.exitCode === 0, started: false };
  }
  // It ran and cannot be found any more: the runtime has lost it.
  if (old?.state?.running && terminal) {
    const message = "The container could not be located when the pod was terminated";
    status.state = { terminated: { reason: "ContainerStatusUnknown", message, exitCode: 137 } };
    status.lastState = old.lastState;
  } else if (old?.state?.running) {
    const message = "The container could not be located when the pod was deleted.  The container used to be Running";
    status.lastState = { terminated: { reason: "ContainerStatusUnknown", message, exitCode: 137 } };
    status.restartCount = old.restartCount + 1;
  }
  return status;
}

function mounts({ volumeMounts }: Container): Pick<ContainerStatus, "volumeMounts"> {
  if (!volumeMounts?.length) return {};
  return {
    volumeMounts: volumeMounts.map(({ name, mountPath, readOnly }) => ({
      name,
      mountPath,
      ...(readOnly ? { readOnly, recursiveReadOnly: "Disabled" } : {}),
    })),
  };
}

function convert(container: Container, found: RuntimeContainer, input: ContainerStatusInput): ContainerStatus {
  return {
    name: container.name,
    image: found.image,
    imageID: found.imageRef,
    containerID: idText(found),
    ready: false,
    restartCount: found.restartCount,
    started: false,
    state: stateOf(found, input),
    lastState: {},
    resources: container.resources ?? {},
    ...(container.resources?.requests ? { allocatedResources: container.resources.requests } : {}),
    ...mounts(container),
    ...(found.user ? { user: { linux: found.user } } : {}),
  };
}

function stateOf(found: RuntimeContainer, { terminationMessages }: ContainerStatusInput): ContainerState {
  if (found.state === "Running") return { running: { startedAt: time(found.startedAt) } };
  if (found.state !== "Exited") return { waiting: {} };
  const message = terminationMessages.get(found.id) || found.message;
  return {
    terminated: {
      exitCode: found.exitCode,
      reason: found.reason || (found.exitCode === 0 ? "Completed" : "Error"),
      ...(message ? { message } : {}),
      // Go writes null for the zero time; the server leaves it out.
      startedAt: time(found.startedAt ?? found.createdAt),
      finishedAt: time(found.finishedAt),
      containerID: idText(found),
    },
  };
}

function finish(
  status: ContainerStatus,
  container: Container,
  found: RuntimeContainer,
  { readiness, pod }: ContainerStatusInput,
): ContainerStatus {
  const init = (pod.spec.initContainers ?? []).some(({ name }) => name === container.name);
  const running = status.state?.running !== undefined;
  status.started = running && readiness.started(container, found.id);
  if (init && !isSidecar(container)) {
    status.ready = status.state?.terminated?.exitCode === 0;
    return status;
  }
  status.ready = running && status.started && readiness.ready(container, found.id);
  return status;
}
