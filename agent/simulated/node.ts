/** A node whose pods exist in state alone: for load tests, and for machines without containers. */
import { type Clock, timeText } from "../../lib/apimachinery/clock.ts";
import { hasReason, isAlreadyExists, isNotFound } from "../../lib/apimachinery/errors.ts";
import type { Client } from "../../lib/client/interface.ts";
import type { Container, ContainerStatus, Node, NodeStatus, Pod, PodStatus } from "../../lib/openapi/types/core-v1.ts";
import { nodes, pods } from "../../lib/openapi/types/resources.ts";
import { kubernetesVersion } from "../version.ts";

/** How a simulated node tells of itself and its pods. */
export interface SimulatedLink {
  readonly nodeAnnotations?: Readonly<Record<string, string>>;
  /** A pod's status, or a part of it: conditions are merged by type. */
  tellPod(pod: Pod, status: PodStatus): Promise<void>;
  /** Nothing of the pod is left: it may go from the API. */
  endPod(pod: Pod): Promise<void>;
  /** The node's status; gives the Node as it then is, or will be. */
  tellNode(node: Node, status: NodeStatus): Promise<Node>;
}

/** What a simulated node has. */
export interface SimulatedNodeOptions {
  readonly client: Client;
  /** @default writes to the API */
  readonly link?: SimulatedLink;
  readonly clock: Clock;
  readonly name: string;
  /** Pods get addresses 10.(128+index/256).(index mod 256).x: unique among 32,000 nodes. */
  readonly index: number;
  readonly capacity: Readonly<Record<string, string>>;
  /** From bound to running. */
  readonly startDelayMs: number;
  readonly onError: (error: unknown) => void;
}

/** How long a pod with restartPolicy Never or OnFailure runs before it succeeds; absent: for ever. In milliseconds. */
export const runtimeAnnotation = "coracle.dev/simulated-runtime-ms";
/** The exit code it ends with; "0" where absent. */
export const exitCodeAnnotation = "coracle.dev/simulated-exit-code";

const addressesPerNode = 254;

const isNotReady = ({ status }: Pod) =>
  status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "False") === true;

const isUnheard = ({ status }: Node) =>
  status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "Unknown") === true;

/** Writes all to the API at once. */
function directLink(client: Client): SimulatedLink {
  const asStatus = { subresource: "status" } as const;
  return {
    async tellPod({ metadata: { namespace, name, uid } }, status) {
      await client.patch(pods, { namespace, name }, "strategic", { metadata: { uid }, status }, asStatus);
    },
    endPod: ({ metadata: { namespace, name, uid } }) =>
      client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0, uid }),
    tellNode: ({ metadata: { name } }, status) => client.patch(nodes, { name }, "strategic", { status }, asStatus),
  };
}

/** One node. Told of its pods; writes their statuses. */
export class SimulatedNode {
  readonly #options: SimulatedNodeOptions;
  readonly #link: SimulatedLink;
  /** Pods that have been seen, by uid: what was written last. */
  readonly #seen = new Map<string, "starting" | "running" | "ended" | "deleting">();
  readonly #addresses = new Map<string, number>();
  readonly #stop = new AbortController();
  #next = 0;
  #node: Node | undefined;

  constructor(options: SimulatedNodeOptions) {
    this.#options = options;
    this.#link = options.link ?? directLink(options.client);
  }

  get name(): string {
    return this.#options.name;
  }

  get uid(): string | undefined {
    return this.#node?.metadata.uid;
  }

  /** The Node as it was read or written last. */
  get node(): Node | undefined {
    return this.#node;
  }

  /** Puts the Node into the API, ready. */
  async register(): Promise<void> {
    const { client, name } = this.#options;
    const labels = {
      "beta.kubernetes.io/arch": "amd64",
      "beta.kubernetes.io/os": "linux",
      "kubernetes.io/arch": "amd64",
      "kubernetes.io/hostname": name,
      "kubernetes.io/os": "linux",
      "coracle.dev/simulated": "true",
    };
    const { nodeAnnotations: annotations } = this.#link;
    const metadata = { name, labels, ...(annotations === undefined ? {} : { annotations }) };
    const draft = { apiVersion: "v1", kind: "Node", metadata, spec: {}, status: this.#status() };
    try {
      this.#node = await client.create(nodes, draft);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      this.#node = await client.get(nodes, { name });
    }
    await this.report();
  }

  /** Tells the node's status: it is ready. */
  async report(): Promise<void> {
    if (this.#node) this.#node = await this.#link.tellNode(this.#node, this.#status());
  }

  /** The Node has been read anew; without `object`, the `old` one is gone. */
  seen({ object, old }: { readonly object?: Node; readonly old?: Node }): void {
    const known = this.#node;
    const isNewer = Number(object?.metadata.resourceVersion) > Number(known?.metadata.resourceVersion ?? 0);
    if (object !== undefined && !isNewer) return;
    if (object === undefined && old?.metadata.uid !== known?.metadata.uid) return;
    this.#node = object;
    if (object === undefined) void this.register().catch(this.#options.onError);
    else if (isUnheard(object)) void this.report().catch(this.#options.onError);
  }

  /** A pod of this node is there, or has changed. */
  podChanged(pod: Pod): void {
    const { uid } = pod.metadata;
    const state = this.#seen.get(uid);
    if (pod.metadata.deletionTimestamp !== undefined) {
      if (state !== "deleting") this.#begin(uid, "deleting", () => this.#delete(pod));
      return;
    }
    // The node lifecycle controller says of a silent node's pods that they are not ready: now they are again.
    if (state === "running" && isNotReady(pod)) this.#begin(uid, "running", () => this.#readyAgain(pod));
    if (state !== undefined) return;
    const phase = pod.status?.phase;
    if (phase === "Succeeded" || phase === "Failed") this.#seen.set(uid, "ended");
    else if (phase === "Running") this.#adopt(pod);
    else this.#begin(uid, "starting", () => this.#run(pod));
  }

  /** A pod of this node is gone. */
  podGone(uid: string): void {
    this.#seen.delete(uid);
    this.#addresses.delete(uid);
  }

  /** Ends everything that waits. */
  stop(): void {
    this.#stop.abort();
  }

  #begin(uid: string, state: "starting" | "running" | "deleting", act: () => Promise<void>): void {
    this.#seen.set(uid, state);
    void act().catch((error) => {
      if (isNotFound(error) || hasReason(error, "Conflict") || this.#stop.signal.aborted) return;
      this.#options.onError(error);
      // Told of again by the next change, or by the next list.
      this.#seen.delete(uid);
    });
  }

  #adopt(pod: Pod): void {
    const host = Number(pod.status?.podIP?.split(".").at(-1));
    if (host) this.#addresses.set(pod.metadata.uid, host);
    this.#seen.set(pod.metadata.uid, "running");
    if (isNotReady(pod)) this.#begin(pod.metadata.uid, "running", () => this.#readyAgain(pod));
    void this.#endLater(pod).catch(this.#options.onError);
  }

  async #run(pod: Pod): Promise<void> {
    const { clock, startDelayMs } = this.#options;
    const { signal } = this.#stop;
    if (startDelayMs > 0) await clock.sleep(startDelayMs, signal);
    if (signal.aborted || this.#seen.get(pod.metadata.uid) !== "starting") return;
    this.#seen.set(pod.metadata.uid, "running");
    await this.#write(pod, this.#runningStatus(pod));
    await this.#endLater(pod);
  }

  async #readyAgain(pod: Pod): Promise<void> {
    const lastTransitionTime = timeText(this.#options.clock.now());
    await this.#write(pod, { conditions: [{ type: "Ready", status: "True", lastTransitionTime }] });
  }

  async #endLater(pod: Pod): Promise<void> {
    const text = pod.metadata.annotations?.[runtimeAnnotation];
    if (text === undefined || pod.spec.restartPolicy === "Always") return;
    await this.#options.clock.sleep(Number(text), this.#stop.signal);
    if (this.#stop.signal.aborted || this.#seen.get(pod.metadata.uid) !== "running") return;
    this.#seen.set(pod.metadata.uid, "ended");
    const exitCode = Number(pod.metadata.annotations?.[exitCodeAnnotation] ?? 0);
    await this.#write(pod, this.#endedStatus(pod, exitCode));
  }

  async #delete(pod: Pod): Promise<void> {
    await this.#link.endPod(pod);
  }

  async #write(pod: Pod, status: PodStatus): Promise<void> {
    await this.#link.tellPod(pod, status);
  }

  #ip(uid: string): string {
    const { index } = this.#options;
    let host = this.#addresses.get(uid);
    if (host === undefined) {
      const taken = new Set(this.#addresses.values());
      do {
        this.#next = (this.#next % addressesPerNode) + 1;
      } while (taken.has(this.#next) && taken.size < addressesPerNode);
      host = this.#next;
      this.#addresses.set(uid, host);
    }
    return `10.${128 + Math.floor(index / 256)}.${index % 256}.${host}`;
  }

  #runningStatus(pod: Pod): PodStatus {
    const now = timeText(this.#options.clock.now());
    const podIP = this.#ip(pod.metadata.uid);
    const inits = (pod.spec.initContainers ?? []).map((container) =>
      container.restartPolicy === "Always" ? running(container, pod, now) : ended(container, pod, now, now, 0),
    );
    return {
      ...this.#common(pod, "Running", now),
      podIP,
      podIPs: [{ ip: podIP }],
      startTime: now,
      ...(inits.length > 0 ? { initContainerStatuses: inits } : {}),
      containerStatuses: pod.spec.containers.map((container) => running(container, pod, now)),
    };
  }

  #endedStatus(pod: Pod, exitCode: number): PodStatus {
    const now = timeText(this.#options.clock.now());
    const startedAt = pod.status?.startTime ?? now;
    return {
      ...this.#common(pod, exitCode === 0 ? "Succeeded" : "Failed", now),
      containerStatuses: pod.spec.containers.map((container) => ended(container, pod, startedAt, now, exitCode)),
    };
  }

  #common(pod: Pod, phase: "Running" | "Succeeded" | "Failed", now: string): PodStatus {
    const reason = phase === "Succeeded" ? "PodCompleted" : phase === "Failed" ? "PodFailed" : undefined;
    const { generation } = pod.metadata;
    const ready = {
      status: phase === "Running" ? "True" : "False",
      lastTransitionTime: now,
      ...(reason ? { reason } : {}),
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
    const always = { status: "True", lastTransitionTime: now };
    const hostIP = `10.127.${Math.floor(this.#options.index / 254)}.${(this.#options.index % 254) + 1}`;
    return {
      phase,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      hostIP,
      hostIPs: [{ ip: hostIP }],
      conditions: [
        { type: "PodReadyToStartContainers", ...always },
        { type: "Initialized", ...always },
        { type: "Ready", ...ready },
        { type: "ContainersReady", ...ready },
      ],
    };
  }

  #status(): NodeStatus {
    const { clock, capacity, index, name } = this.#options;
    const now = timeText(clock.now());
    const address = `10.127.${Math.floor(index / 254)}.${(index % 254) + 1}`;
    return {
      capacity: { ...capacity },
      allocatable: { ...capacity },
      addresses: [
        { type: "InternalIP", address },
        { type: "Hostname", address: name },
      ],
      conditions: [
        {
          type: "Ready",
          status: "True",
          reason: "KubeletReady",
          message: "kubelet is posting ready status",
          lastHeartbeatTime: now,
          lastTransitionTime:
            this.#node?.status?.conditions?.find(({ type }) => type === "Ready")?.lastTransitionTime ?? now,
        },
      ],
      nodeInfo: {
        architecture: "amd64",
        bootID: "",
        containerRuntimeVersion: "simulated://1",
        kernelVersion: "simulated",
        kubeProxyVersion: "",
        kubeletVersion: kubernetesVersion,
        machineID: name,
        operatingSystem: "linux",
        osImage: "simulated",
        systemUUID: name,
      },
    };
  }
}

function common(
  container: Container,
  pod: Pod,
): Pick<ContainerStatus, "name" | "image" | "imageID" | "containerID" | "lastState"> {
  return {
    name: container.name,
    image: container.image ?? "",
    imageID: "",
    containerID: `simulated://${pod.metadata.uid}/${container.name}`,
    lastState: {},
  };
}

function running(container: Container, pod: Pod, startedAt: string): ContainerStatus {
  return { ...common(container, pod), ready: true, started: true, restartCount: 0, state: { running: { startedAt } } };
}

function ended(
  container: Container,
  pod: Pod,
  startedAt: string,
  finishedAt: string,
  exitCode: number,
): ContainerStatus {
  const init = (pod.spec.initContainers ?? []).includes(container);
  const reason = exitCode === 0 ? "Completed" : "Error";
  const { containerID } = common(container, pod);
  return {
    ...common(container, pod),
    ready: init,
    started: false,
    restartCount: 0,
    state: { terminated: { exitCode, reason, startedAt, finishedAt, containerID } },
  };
}
