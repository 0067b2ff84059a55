/** What the runtime knows of one pod (upstream: kubelet/container.PodStatus). */
import type { RuntimeService } from "../runtime/cri/client.ts";
import { isRuntimeNotFound } from "../runtime/cri/client.ts";
import { type ContainerStatus, millisecondsOf, type PodSandboxStatus } from "../runtime/cri/messages.ts";
import { annotation, label } from "./labels.ts";

/** A container's state. */
export type RuntimeState = "Created" | "Running" | "Exited" | "Unknown";

/** A container as the runtime has it. Times are milliseconds since the epoch. */
export interface RuntimeContainer {
  readonly id: string;
  readonly name: string;
  readonly state: RuntimeState;
  readonly restartCount: number;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly exitCode: number;
  readonly image: string;
  readonly imageRef: string;
  readonly reason: string;
  readonly message: string;
  /** Of the spec that it was made from. */
  readonly hash: string;
  readonly logPath: string;
  readonly terminationMessagePath?: string;
  readonly terminationMessagePolicy?: string;
  readonly user?: { uid: number; gid: number; supplementalGroups?: number[] };
}

/** A sandbox as the runtime has it. */
export interface RuntimeSandbox {
  readonly id: string;
  readonly attempt: number;
  readonly ready: boolean;
  readonly createdAt: number;
  readonly ips: readonly string[];
}

/** A pod as the runtime has it: newest first in both lists. */
export interface RuntimePod {
  readonly uid: string;
  readonly sandboxes: readonly RuntimeSandbox[];
  readonly containers: readonly RuntimeContainer[];
}

/** A pod of which the runtime knows nothing. */
export const emptyRuntimePod = (uid: string): RuntimePod => ({ uid, sandboxes: [], containers: [] });

const states: Record<string, RuntimeState> = {
  CONTAINER_CREATED: "Created",
  CONTAINER_RUNNING: "Running",
  CONTAINER_EXITED: "Exited",
};

/** The newest container of a name. */
export function latestContainer(pod: RuntimePod, name: string): RuntimeContainer | undefined {
  return pod.containers.find((container) => container.name === name);
}

/** Asks the runtime about one pod. What vanishes meanwhile is left out. */
export async function readRuntimePod(runtime: RuntimeService, uid: string): Promise<RuntimePod> {
  const selector = { [label.podUid]: uid };
  const [sandboxes, containers] = await Promise.all([
    runtime.listPodSandboxes(selector),
    runtime.listContainers(selector),
  ]);
  const [sandboxStatuses, containerStatuses] = await Promise.all([
    Promise.all(sandboxes.map(({ id }) => orGone(runtime.podSandboxStatus(id)))),
    Promise.all(containers.map(({ id }) => orGone(runtime.containerStatus(id)))),
  ]);
  return {
    uid,
    sandboxes: sandboxStatuses
      .filter((one) => one !== undefined)
      .map(sandboxOf)
      .sort((a, b) => b.createdAt - a.createdAt || b.attempt - a.attempt),
    containers: containerStatuses
      .filter((one) => one !== undefined)
      .map(containerOf)
      .sort((a, b) => b.createdAt - a.createdAt || b.restartCount - a.restartCount),
  };
}

async function orGone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isRuntimeNotFound(error)) return undefined;
    throw error;
  }
}

function sandboxOf(status: PodSandboxStatus): RuntimeSandbox {
  const ips = [status.network?.ip, ...(status.network?.additionalIps ?? []).map(({ ip }) => ip)];
  return {
    id: status.id,
    attempt: status.metadata.attempt,
    ready: status.state === "SANDBOX_READY",
    createdAt: millisecondsOf(status.createdAt) ?? 0,
    ips: ips.filter((ip): ip is string => ip !== undefined && ip !== ""),
  };
}

function containerOf(status: ContainerStatus): RuntimeContainer {
  const linux = status.user?.linux;
  return {
    id: status.id,
    name: status.labels[label.containerName] ?? status.metadata.name,
    state: states[status.state] ?? "Unknown",
    restartCount: Number(status.annotations[annotation.restartCount] ?? status.metadata.attempt),
    createdAt: millisecondsOf(status.createdAt) ?? 0,
    startedAt: millisecondsOf(status.startedAt),
    finishedAt: millisecondsOf(status.finishedAt),
    exitCode: status.exitCode,
    image: status.image.image,
    imageRef: status.imageRef,
    reason: status.reason,
    message: status.message,
    hash: status.annotations[annotation.hash] ?? "",
    logPath: status.logPath,
    terminationMessagePath: status.annotations[annotation.terminationMessagePath],
    terminationMessagePolicy: status.annotations[annotation.terminationMessagePolicy],
    ...(linux
      ? {
          user: {
            uid: Number(linux.uid),
            gid: Number(linux.gid),
            ...(linux.supplementalGroups.length > 0
              ? { supplementalGroups: linux.supplementalGroups.map(Number) }
              : {}),
          },
        }
      : {}),
  };
}
