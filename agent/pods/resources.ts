/** Turns requests and limits into what cgroups understand (upstream: kubelet/cm/helpers_linux.go, kubelet/qos). */
import { parseQuantity } from "../../lib/apimachinery/quantity.ts";
import type { Container, Pod } from "../../lib/openapi/types/core-v1.ts";
import type { LinuxContainerResources } from "../runtime/cri/messages.ts";

const minShares = 2;
const maxShares = 262_144;
const quotaPeriodUs = 100_000;
const minQuotaUs = 1000;

const milli = (text: string | undefined) => (text === undefined ? undefined : Number(parseQuantity(text).milliValue()));
const bytes = (text: string | undefined) => (text === undefined ? undefined : Number(parseQuantity(text).value()));

/** cpu.shares for so many thousandths of a processor. */
export function cpuShares(milliCpu: number): number {
  if (milliCpu === 0) return minShares;
  return Math.min(Math.max(Math.floor((milliCpu * 1024) / 1000), minShares), maxShares);
}

/** cpu.cfs_quota_us for so many thousandths of a processor; 0: none. */
export function cpuQuota(milliCpu: number): number {
  return milliCpu === 0 ? 0 : Math.max(Math.floor((milliCpu * quotaPeriodUs) / 1000), minQuotaUs);
}

/** The limits of a container. `memoryCapacity` is the machine's, in bytes. */
export function containerResources(container: Container, pod: Pod, memoryCapacity: number): LinuxContainerResources {
  const { requests, limits } = container.resources ?? {};
  const cpuLimit = milli(limits?.cpu) ?? 0;
  const memoryLimit = bytes(limits?.memory) ?? 0;
  return {
    cpuShares: cpuShares(milli(requests?.cpu) ?? cpuLimit),
    ...(cpuLimit > 0 ? { cpuPeriod: quotaPeriodUs, cpuQuota: cpuQuota(cpuLimit) } : {}),
    ...(memoryLimit > 0 ? { memoryLimitInBytes: memoryLimit } : {}),
    oomScoreAdj: oomScoreAdj(container, pod, memoryCapacity),
  };
}

/** Guaranteed pods are killed last, best-effort ones first; between them, who asked for less memory goes first. */
export function oomScoreAdj(container: Container, pod: Pod, memoryCapacity: number): number {
  if ((pod.spec.priority ?? 0) >= 2_000_000_000) return -997;
  if (pod.status?.qosClass === "Guaranteed") return -997;
  if (pod.status?.qosClass === "BestEffort") return 1000;
  const request = bytes(container.resources?.requests?.memory) ?? 0;
  const score = Math.floor(1000 - (1000 * request) / memoryCapacity);
  if (score < 1000 + -997) return 1000 + -997;
  return score === 1000 ? 999 : score;
}

/** The cgroup that holds all of a pod's containers. */
export function podCgroup(parent: string, pod: { metadata: { uid: string } }): string {
  return `${parent}/pod${pod.metadata.uid}`;
}
