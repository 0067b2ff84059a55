/** Nodes: the agent's transport through queues and its registration, over pods that exist in state alone. */
import { Registration } from "../../agent/node/registration.ts";
import { SimulatedNode } from "../../agent/simulated/node.ts";
import { SqsTransport } from "../../agent/transport/sqs.ts";
import type { Clock } from "../../lib/apimachinery/clock.ts";
import type { Handler } from "../../lib/apimachinery/http.ts";
import type { KubeObject } from "../../lib/apimachinery/meta.ts";
import { createInProcessClient } from "../../lib/client/in-process.ts";
import type { Client } from "../../lib/client/interface.ts";
import type { Node, NodeStatus, Pod, PodStatus } from "../../lib/openapi/types/core-v1.ts";
import { pods } from "../../lib/openapi/types/resources.ts";
import { agentInbox, type SimulatedInboxes } from "./pipeline-inboxes.ts";
import { clusterName } from "./pipeline-lambdas.ts";
import type { SimulatedQueue } from "./pipeline-queues.ts";
import { processClock, type World } from "./store-world.ts";

/** How big every node is, in both compositions. */
export const capacity = { cpu: "8", memory: "16Gi", pods: "20", "ephemeral-storage": "100Gi" };

/** What a node is made with. */
export interface SimulatedAgentOptions {
  readonly world: World;
  readonly name: string;
  readonly index: number;
  /** The API as an agent reaches it. */
  readonly api: Handler;
  readonly reports: SimulatedQueue;
  readonly inboxes: SimulatedInboxes;
  readonly startDelayMs: number;
  /** So far is its clock ahead of everybody else's. */
  readonly clockSkewMs: number;
}

/** After so long without an answer a request is given up. */
const silenceMs = 5_000;

/** One node. */
export class SimulatedAgent {
  readonly name: string;
  readonly #options: SimulatedAgentOptions;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  readonly #transport: SqsTransport;
  readonly #machine: SimulatedNode;
  readonly #pods = new Map<string, Pod>();
  #isAlive = true;
  #isSilent = false;

  constructor(options: SimulatedAgentOptions) {
    const { world, name, api, reports, inboxes, clockSkewMs } = options;
    this.name = name;
    this.#options = options;
    const { now, sleep } = processClock(world, () => this.#isAlive);
    this.#clock = { now: () => now() + clockSkewMs, sleep };
    const user = { username: `system:node:${name}`, groups: ["system:nodes", "system:authenticated"] };
    const client = createInProcessClient((request) => this.#request(() => api(request)), user, { clock: this.#clock });
    this.#transport = new SqsTransport({
      client: Object.assign(client, { close: () => {} }),
      queues: {
        reports: {
          send: (body) => this.#request(() => reports.send([{ body, senderId: `AROAEXAMPLE:${name}` }])),
        },
        inbox: (url) => agentInbox(inboxes, url, (serve) => this.#request(serve)),
        close: () => {},
      },
      clock: this.#clock,
      random: world.random,
      cluster: clusterName,
      nodeName: name,
      epoch: Math.floor(this.#clock.now()),
      log: () => {},
    });
    const { index, startDelayMs } = options;
    this.#machine = new SimulatedNode({
      client: this.#statusClient(),
      clock: this.#clock,
      name,
      index,
      capacity,
      startDelayMs,
      onError: () => {},
    });
  }

  /** Registers the node and looks after its pods. */
  async start(): Promise<void> {
    const { name, index } = this.#options;
    const { signal } = this.#stopping;
    const transport = this.#transport;
    const status = async (before: NonNullable<NodeStatus["conditions"]>) => nodeStatus(name, index, before);
    const registration = new Registration({
      client: transport.client,
      clock: this.#clock,
      recorder: { event: () => {} },
      nodeName: name,
      labels: { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64" },
      annotations: transport.nodeAnnotations,
      status,
      tell: (node, now) => transport.reportNode(node, now),
      onError: () => {},
    });
    await registration.register(signal);
    transport.start(registration);
    void registration.run(signal);
    const informer = transport.informers.get(pods, { fieldSelector: `spec.nodeName=${name}` });
    informer.onChange(({ object, old }) => {
      if (object !== undefined) {
        this.#pods.set(object.metadata.uid, object);
        this.#machine.podChanged(object);
      } else if (old !== undefined) {
        this.#pods.delete(old.metadata.uid);
        transport.statuses.remove(old.metadata.uid);
        this.#machine.podGone(old.metadata.uid);
      }
    });
  }

  /** Nothing reaches the node, and it reaches nothing; its pods run on. */
  silence(): void {
    this.#isSilent = true;
  }

  speak(): void {
    this.#isSilent = false;
  }

  /** How the node has seen a pod last; undefined: it knows none of it. */
  statusOf(podUid: string): PodStatus | undefined {
    return this.#isAlive ? this.#transport.statuses.get(podUid) : undefined;
  }

  /** The machine is gone. */
  kill(): void {
    this.#isAlive = false;
    this.#stopping.abort();
    this.#machine.stop();
    void this.#transport.stop();
  }

  /** A request over the network. */
  async #request<T>(serve: () => Promise<T> | T): Promise<T> {
    const { world } = this.#options;
    await this.#clock.sleep(world.integer(1, 20));
    if (this.#isSilent) {
      await this.#clock.sleep(silenceMs);
      throw new Error("no answer");
    }
    const answer = await serve();
    await this.#clock.sleep(world.integer(1, 20));
    if (!this.#isSilent) return answer;
    throw new Error("no answer");
  }

  /** Containers end and are started again, so that one status follows another. */
  async #restartSometimes(uid: string): Promise<void> {
    const { world } = this.#options;
    const times = world.integer(0, 2);
    for (let restartCount = 1; restartCount <= times; restartCount++) {
      await this.#clock.sleep(world.integer(100, 4_000));
      const pod = this.#pods.get(uid);
      const status = this.#transport.statuses.get(uid);
      if (pod === undefined || status?.phase !== "Running") return;
      const containerStatuses = status.containerStatuses?.map((one) => ({ ...one, restartCount }));
      this.#transport.statuses.set(pod, { ...status, ...(containerStatuses ? { containerStatuses } : {}) });
    }
  }

  /** The simulated machine writes its pods' statuses to the API; here they are told through the transport. */
  #statusClient(): Client {
    const { statuses } = this.#transport;
    const podOf = (uid: string | undefined) => (uid === undefined ? undefined : this.#pods.get(uid));
    return Object.assign(Object.create(this.#transport.client) as Client, {
      patch: async (_: unknown, __: unknown, ___: unknown, patch: { metadata: { uid: string }; status: PodStatus }) => {
        const pod = podOf(patch.metadata.uid);
        if (pod === undefined) return patch as unknown as KubeObject;
        const before = statuses.get(pod.metadata.uid);
        // A part of a status only says again what was said.
        statuses.set(pod, patch.status.phase === undefined && before !== undefined ? before : patch.status);
        if (patch.status.phase === "Running") void this.#restartSometimes(pod.metadata.uid);
        return pod;
      },
      delete: async (_: unknown, __: unknown, { uid }: { uid?: string } = {}) => {
        const pod = podOf(uid);
        if (pod === undefined) return;
        if (statuses.get(pod.metadata.uid) === undefined) statuses.set(pod, pod.status ?? { phase: "Pending" });
        statuses.finish(pod);
      },
    });
  }
}

function nodeStatus(name: string, index: number, before: NonNullable<Node["status"]>["conditions"]): NodeStatus {
  const ready = before?.find(({ type, status }) => type === "Ready" && status === "True");
  return {
    capacity,
    allocatable: capacity,
    addresses: [
      { type: "InternalIP", address: `10.127.0.${index + 1}` },
      { type: "Hostname", address: name },
    ],
    conditions: [
      ready ?? {
        type: "Ready",
        status: "True",
        reason: "KubeletReady",
        message: "kubelet is posting ready status",
      },
    ],
  };
}
