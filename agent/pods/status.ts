/** A pod's whole status (upstream: kubelet.generateAPIPodStatus). */
import { timeText } from "../../lib/apimachinery/clock.ts";
import { nodeConditionTypes } from "../../lib/nodes/pod-status.ts";
import type { PodStatus } from "../../lib/openapi/types/core-v1.ts";
import { nodeConditions, withTimes } from "./conditions.ts";
import { type ContainerStatusInput, containerStatuses } from "./container-status.ts";
import { podPhase } from "./phase.ts";
import { latestContainer } from "./runtime-pod.ts";

/** What a status depends on. */
export interface StatusInput extends Omit<ContainerStatusInput, "before"> {
  /** The status that this node made last; the API's where it has made none. */
  readonly last: PodStatus;
  readonly hostIps: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Set where the node has ended the pod: its phase is Failed then. */
  readonly failed?: { readonly reason: string; readonly message: string };
}

/** The status, with the conditions of others kept as they are. */
export function podStatus(input: StatusInput): PodStatus {
  const { pod, runtime, last, terminal, failed, now, hostIps } = input;
  const before = [...(last.containerStatuses ?? []), ...(last.initContainerStatuses ?? [])];
  const containers = containerStatuses(pod.spec.containers, { ...input, before });
  const inits = containerStatuses(pod.spec.initContainers ?? [], { ...input, before });
  const byName = new Map([...containers, ...inits].map((status) => [status.name, status]));
  const initialized = pod.spec.containers.some(({ name }) => {
    const found = latestContainer(runtime, name);
    return found?.state === "Running" || found?.state === "Created";
  });
  let phase = podPhase(pod, byName, terminal, initialized);
  const ended = [last.phase, pod.status?.phase].find((one) => one === "Failed" || one === "Succeeded");
  if (ended !== undefined) phase = ended as typeof phase;
  if (failed) phase = "Failed";
  const generation = pod.metadata.generation;
  const kept = (pod.status?.conditions ?? []).filter(
    ({ type }) => !(nodeConditionTypes as readonly string[]).includes(type),
  );
  const conditions = nodeConditions(pod, runtime, byName, phase);
  const samePhase = phase === last.phase;
  const ips = podIps(input);
  return {
    ...(pod.status?.qosClass === undefined ? {} : { qosClass: pod.status.qosClass }),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase,
    ...(failed ?? {
      ...(samePhase && last.reason ? { reason: last.reason } : {}),
      ...(samePhase && last.message ? { message: last.message } : {}),
    }),
    conditions: [...withTimes(conditions, last.conditions ?? [], generation, timeText(now)), ...kept],
    ...(hostIps.length > 0 ? { hostIP: hostIps[0], hostIPs: hostIps.map((ip) => ({ ip })) } : {}),
    ...(ips.length > 0 ? { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) } : {}),
    startTime: last.startTime ?? pod.status?.startTime ?? timeText(now),
    ...(inits.length > 0 ? { initContainerStatuses: inits } : {}),
    containerStatuses: containers,
  };
}

/** A pod keeps the addresses it had while there is no sandbox that has others. */
function podIps({ pod, runtime, last, hostIps }: StatusInput): readonly string[] {
  if (pod.spec.hostNetwork) return runtime.sandboxes.length > 0 || last.podIP ? hostIps : [];
  const [newest] = runtime.sandboxes;
  if (newest && newest.ips.length > 0) return newest.ips;
  return (last.podIPs ?? []).map(({ ip }) => ip);
}
