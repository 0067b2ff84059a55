/** Decides what must be done to a pod's sandbox and containers (upstream: kuberuntime.computePodActions). */
import type { Container, Pod } from "../../lib/openapi/types/core-v1.ts";
import { containerHash } from "./labels.ts";
import { latestContainer, type RuntimeContainer, type RuntimePod } from "./runtime-pod.ts";

/** A container that has to end before anything else happens. */
export interface ContainerToKill {
  readonly container: RuntimeContainer;
  readonly spec: Container;
  readonly message: string;
  readonly reason: "" | "Unknown" | "StartupProbe" | "LivenessProbe";
}

/** What to do, in this order: kill the pod or containers, make the sandbox, start init containers, start containers. */
export interface PodActions {
  killPod: boolean;
  createSandbox: boolean;
  sandboxId?: string;
  attempt: number;
  initContainersToStart: Container[];
  containersToStart: Container[];
  containersToKill: ContainerToKill[];
}

/** What probes have found, by container id. */
export interface ProbeResults {
  liveness(containerId: string): boolean | undefined;
  startup(containerId: string): boolean | undefined;
}

/** Whether an init container keeps running beside the others: a sidecar. */
export const isSidecar = (container: Container) => container.restartPolicy === "Always";

const restartsOnFailure = (pod: Pod) => pod.spec.restartPolicy !== "Never";

/** Whether the pod needs a new sandbox, the attempt it would be, and the sandbox there is. */
export function sandboxChange(pod: Pod, runtime: RuntimePod): { changed: boolean; attempt: number; id?: string } {
  const [newest] = runtime.sandboxes;
  if (newest === undefined) return { changed: true, attempt: 0 };
  const next = { changed: true, attempt: newest.attempt + 1, id: newest.id };
  const readyCount = runtime.sandboxes.filter(({ ready }) => ready).length;
  if (readyCount > 1 || !newest.ready) return next;
  if (!pod.spec.hostNetwork && newest.ips.length === 0) return { ...next };
  return { changed: false, attempt: newest.attempt, id: newest.id };
}

/** Whether a container that has ended (or was never there) is to be started. */
export function shouldRestart(container: Container, pod: Pod, runtime: RuntimePod): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return false;
  const status = latestContainer(runtime, container.name);
  if (status === undefined || status.state === "Unknown" || status.state === "Created") return true;
  if (status.state === "Running") return false;
  const policy = container.restartPolicy ?? pod.spec.restartPolicy;
  if (policy === "Never") return false;
  return policy !== "OnFailure" || status.exitCode !== 0;
}

/** The actions for a pod that is to run. */
export function podActions(pod: Pod, runtime: RuntimePod, probes: ProbeResults): PodActions {
  const { changed, attempt, id } = sandboxChange(pod, runtime);
  const actions: PodActions = {
    killPod: changed,
    createSandbox: changed,
    sandboxId: id,
    attempt,
    initContainersToStart: [],
    containersToStart: [],
    containersToKill: [],
  };
  if (changed) {
    startAnew(actions, pod, runtime);
    return actions;
  }
  const initialized = initActions(actions, pod, runtime, probes);
  if (actions.killPod || !initialized) return actions;
  containerActions(actions, pod, runtime, probes);
  return actions;
}

function startAnew(actions: PodActions, pod: Pod, runtime: RuntimePod): void {
  if (!restartsOnFailure(pod) && actions.attempt !== 0 && runtime.containers.length > 0) {
    actions.createSandbox = false;
    return;
  }
  const toStart = pod.spec.containers.filter((container) => {
    const policy = container.restartPolicy ?? pod.spec.restartPolicy;
    const status = latestContainer(runtime, container.name);
    return !(policy === "OnFailure" && status?.state === "Exited" && status.exitCode === 0);
  });
  if (toStart.length === 0) {
    const created = pod.spec.containers.some(({ name }) => latestContainer(runtime, name) !== undefined);
    if (created) {
      actions.createSandbox = false;
      return;
    }
  }
  const first = pod.spec.initContainers?.[0];
  if (first) actions.initContainersToStart = [first];
  else actions.containersToStart = toStart;
}

function containerActions(actions: PodActions, pod: Pod, runtime: RuntimePod, probes: ProbeResults): void {
  let kept = 0;
  for (const spec of pod.spec.containers) {
    const status = latestContainer(runtime, spec.name);
    if (status?.state !== "Running") {
      if (!shouldRestart(spec, pod, runtime)) continue;
      actions.containersToStart.push(spec);
      if (status?.state === "Unknown") actions.containersToKill.push(unknownToKill(status, spec, "Container"));
      continue;
    }
    const kill = whyKill(status, spec, probes, `Container ${spec.name}`);
    if (kill === undefined) {
      kept++;
      continue;
    }
    const policy = spec.restartPolicy ?? pod.spec.restartPolicy;
    const restart = status.hash !== containerHash(spec) || policy !== "Never";
    if (restart) actions.containersToStart.push(spec);
    actions.containersToKill.push({ ...kill, message: restart ? `${kill.message}, will be restarted` : kill.message });
  }
  if (kept === 0 && actions.containersToStart.length === 0) {
    actions.killPod = true;
    actions.initContainersToStart = [];
  }
}

function unknownToKill(container: RuntimeContainer, spec: Container, what: string): ContainerToKill {
  const message = `${what} is in "unknown" state, try killing it before restart`;
  return { container, spec, message, reason: "Unknown" };
}

function whyKill(
  container: RuntimeContainer,
  spec: Container,
  probes: ProbeResults,
  what: string,
): ContainerToKill | undefined {
  if (container.hash !== containerHash(spec)) {
    return { container, spec, message: `${what} definition changed`, reason: "" };
  }
  if (probes.liveness(container.id) === false) {
    return { container, spec, message: `${what} failed liveness probe`, reason: "LivenessProbe" };
  }
  if (probes.startup(container.id) === false) {
    return { container, spec, message: `${what} failed startup probe`, reason: "StartupProbe" };
  }
  return undefined;
}

/**
 * Adds what init containers need and tells whether all have done their work. They are looked at from the last to the
 * first: the newest that was started says how far the pod has come.
 */
function initActions(actions: PodActions, pod: Pod, runtime: RuntimePod, probes: ProbeResults): boolean {
  const inits = pod.spec.initContainers ?? [];
  if (inits.length === 0) return true;
  const started = pod.spec.containers.some(({ name }) => {
    const state = latestContainer(runtime, name)?.state;
    return state === "Created" || state === "Running";
  });
  const walk: InitWalk = { actions, pod, runtime, probes, inits, initialized: started, previously: started };
  for (let index = inits.length - 1; index >= 0; index--) {
    const spec = inits[index];
    const status = latestContainer(runtime, spec.name);
    if (status === undefined) {
      if (walk.previously && isSidecar(spec)) actions.initContainersToStart.push(spec);
      continue;
    }
    if (walk.previously && !isSidecar(spec)) continue;
    if (!initContainerAction(walk, index, status)) {
      actions.killPod = true;
      actions.initContainersToStart = [];
      return false;
    }
    walk.previously = true;
  }
  if (!walk.previously) actions.initContainersToStart.push(inits[0]);
  actions.initContainersToStart.reverse();
  return walk.initialized;
}

interface InitWalk {
  readonly actions: PodActions;
  readonly pod: Pod;
  readonly runtime: RuntimePod;
  readonly probes: ProbeResults;
  readonly inits: readonly Container[];
  initialized: boolean;
  previously: boolean;
}

/** False where the pod has failed for good. */
function initContainerAction(walk: InitWalk, index: number, status: RuntimeContainer): boolean {
  const { actions, inits, pod, runtime } = walk;
  const spec = inits[index];
  switch (status.state) {
    case "Created":
      actions.initContainersToStart.push(spec);
      return true;
    case "Running":
      if (isSidecar(spec)) runningSidecar(walk, index, status);
      return true;
    case "Exited":
      if (isSidecar(spec)) actions.initContainersToStart.push(spec);
      else if (status.exitCode === 0) next(walk, index);
      else if (shouldRestart(spec, pod, runtime)) actions.initContainersToStart.push(spec);
      else return false;
      return true;
    default:
      if (!isSidecar(spec) && !restartsOnFailure(pod)) return false;
      actions.containersToKill.push(unknownToKill(status, spec, "Init container"));
      actions.initContainersToStart.push(spec);
      return true;
  }
}

function next(walk: InitWalk, index: number): void {
  if (index === walk.inits.length - 1) walk.initialized = true;
  else if (!walk.previously) walk.actions.initContainersToStart.push(walk.inits[index + 1]);
}

function runningSidecar(walk: InitWalk, index: number, status: RuntimeContainer): void {
  const { actions, probes, inits } = walk;
  const spec = inits[index];
  const kill = whyKill(status, spec, probes, `Init container ${spec.name}`);
  const started = spec.startupProbe === undefined || probes.startup(status.id) === true;
  if (started) next(walk, index);
  if (kill === undefined) return;
  actions.containersToKill.push(kill);
  actions.initContainersToStart.push(spec);
}
