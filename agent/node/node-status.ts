/** A node's status (upstream: kubelet/nodestatus/setters.go). */
import type { Node, NodeCondition, NodeStatus } from "../../lib/openapi/types/core-v1.ts";
import { kubernetesVersion } from "../version.ts";
import type { MachineInfo } from "./machine-info.ts";

/** What a status is made from. */
export interface NodeStatusInput {
  readonly machine: MachineInfo;
  readonly addresses: readonly string[];
  readonly maxPods: number;
  readonly diskBytes: number;
  readonly diskFree: number;
  readonly memoryAvailable: number;
  readonly runtime: { readonly runtimeName: string; readonly runtimeVersion: string } | undefined;
  /** Why no pods can run; absent: they can. */
  readonly notReady?: string;
  readonly serverPort: number;
  /** RFC 3339. */
  readonly now: string;
  readonly before: readonly NodeCondition[];
}

/** Kept back from pods, so that the machine itself lives: upstream's hard eviction threshold. */
const reservedMemoryBytes = 100 * 1024 * 1024;
const lowDisk = 0.1;

/** The status. */
export function nodeStatus(input: NodeStatusInput): NodeStatus {
  const { machine, addresses, maxPods, diskBytes, runtime, serverPort } = input;
  const amounts = (memory: number, disk: string) => ({
    cpu: String(machine.cpus),
    "ephemeral-storage": disk,
    memory: `${Math.floor(memory / 1024)}Ki`,
    pods: String(maxPods),
  });
  return {
    capacity: amounts(machine.memoryBytes, `${Math.floor(diskBytes / 1024)}Ki`),
    allocatable: amounts(machine.memoryBytes - reservedMemoryBytes, String(Math.floor(diskBytes * (1 - lowDisk)))),
    conditions: conditions(input),
    addresses: [
      ...addresses.map((address) => ({ type: "InternalIP", address })),
      { type: "Hostname", address: machine.hostname },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: serverPort } },
    nodeInfo: {
      architecture: machine.architecture,
      bootID: machine.bootId,
      containerRuntimeVersion: `${runtime?.runtimeName ?? "containerd"}://${runtime?.runtimeVersion ?? "Unknown"}`,
      kernelVersion: machine.kernelVersion,
      kubeProxyVersion: "",
      kubeletVersion: kubernetesVersion,
      machineID: machine.machineId,
      operatingSystem: "linux",
      osImage: machine.osImage,
      systemUUID: machine.systemUuid,
    },
  };
}

function conditions({ memoryAvailable, diskBytes, diskFree, notReady, now, before }: NodeStatusInput): NodeCondition[] {
  const memory = memoryAvailable < reservedMemoryBytes;
  const disk = diskFree < diskBytes * lowDisk;
  const pressure = (type: string, has: boolean, yes: [string, string], no: [string, string]) =>
    ({ type, status: has ? "True" : "False", reason: (has ? yes : no)[0], message: (has ? yes : no)[1] }) as const;
  const found = [
    pressure(
      "MemoryPressure",
      memory,
      ["KubeletHasInsufficientMemory", "kubelet has insufficient memory available"],
      ["KubeletHasSufficientMemory", "kubelet has sufficient memory available"],
    ),
    pressure(
      "DiskPressure",
      disk,
      ["KubeletHasDiskPressure", "kubelet has disk pressure"],
      ["KubeletHasNoDiskPressure", "kubelet has no disk pressure"],
    ),
    pressure("PIDPressure", false, ["", ""], ["KubeletHasSufficientPID", "kubelet has sufficient PID available"]),
    notReady === undefined
      ? { type: "Ready", status: "True", reason: "KubeletReady", message: "kubelet is posting ready status" }
      : { type: "Ready", status: "False", reason: "KubeletNotReady", message: notReady },
  ];
  return found.map((condition) => {
    const old = before.find(({ type }) => type === condition.type);
    const lastTransitionTime = old?.status === condition.status ? (old.lastTransitionTime ?? now) : now;
    return { ...condition, lastHeartbeatTime: now, lastTransitionTime };
  });
}

/** The labels that every node has. */
export function nodeLabels(name: string, { hostname, architecture }: MachineInfo): Record<string, string> {
  return {
    "beta.kubernetes.io/arch": architecture,
    "beta.kubernetes.io/os": "linux",
    "kubernetes.io/arch": architecture,
    "kubernetes.io/hostname": hostname || name,
    "kubernetes.io/os": "linux",
  };
}

/** Whether two statuses differ in more than the time of the heartbeat. */
export function differs(a: NodeStatus | undefined, b: NodeStatus): boolean {
  const bare = (status: NodeStatus | undefined) => ({
    ...status,
    conditions: status?.conditions?.map(({ lastHeartbeatTime: _, ...rest }) => rest),
  });
  return JSON.stringify(bare(a)) !== JSON.stringify(bare(b));
}

/** The condition of a type. */
export function conditionOf(node: Node | undefined, type: string): NodeCondition | undefined {
  return node?.status?.conditions?.find((condition) => condition.type === type);
}
