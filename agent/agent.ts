/** Puts the parts of the agent together. */
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { systemClock, systemRandom, timeText } from "../lib/apimachinery/clock.ts";
import { keyOf } from "../lib/apimachinery/meta.ts";
import { type ClientEventRecorder, createEventRecorder } from "../lib/client/event-recorder.ts";
import type { NodeStatus } from "../lib/openapi/types/core-v1.ts";
import { endpointslices, pods as podResource, services } from "../lib/openapi/types/resources.ts";
import { informerZone } from "./dns/informer-zone.ts";
import { type DnsServer, serveDns } from "./dns/server.ts";
import { configuredCidr, type PodNetwork, writeCniConfig } from "./network/cni.ts";
import { claimPodNetwork, machineAddress, prepareKernel } from "./network/machine.ts";
import { availableMemory, diskOf, machineInfo } from "./node/machine-info.ts";
import { nodeLabels, nodeStatus } from "./node/node-status.ts";
import { Registration } from "./node/registration.ts";
import type { AgentOptions } from "./options.ts";
import { BackOff } from "./pods/back-off.ts";
import { cgroupOf } from "./pods/cgroup.ts";
import { parseResolvConf } from "./pods/dns-config.ts";
import { PodFolders } from "./pods/folders.ts";
import { Images } from "./pods/images.ts";
import { containerFieldPath, type NodeContext } from "./pods/node-context.ts";
import { Pods } from "./pods/pods.ts";
import { Prober } from "./pods/probes/prober.ts";
import { PulledImages } from "./pods/pulled-images.ts";
import { References } from "./pods/references.ts";
import { Tokens } from "./pods/volumes/tokens.ts";
import { Volumes } from "./pods/volumes/volumes.ts";
import { Proxier } from "./proxy/proxier.ts";
import { watchContainerEvents } from "./runtime/containerd/events.ts";
import { nodeLayout, sandboxImage } from "./runtime/containerd/prepare.ts";
import { type CriClient, createCriClient } from "./runtime/cri/client.ts";
import { ensureSandboxImage } from "./runtime/image/import.ts";
import { LogRotation } from "./server/log-rotation.ts";
import { type NodeServer, serveNode } from "./server/server.ts";
import { openTransport } from "./transport/open.ts";
import type { Transport } from "./transport/transport.ts";

const crashFirstMs = 10_000;
const crashMaxMs = 300_000;
const resolvConf = "/etc/resolv.conf";

/** How long the runtime may be silent before the node is not ready. */
const runtimeGraceMs = 15_000;

interface RuntimeVersion {
  readonly runtimeName: string;
  readonly runtimeVersion: string;
}

/** The agent of one node. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #dataDir: string;
  readonly #transport: Transport;
  readonly #recorder: ClientEventRecorder;
  readonly #runtime: CriClient;
  readonly #machine = machineInfo();
  readonly #address: string;
  readonly #stopping = new AbortController();
  #registration: Registration | undefined;
  #pods: Pods | undefined;
  #proxier: Proxier | undefined;
  #dns: DnsServer | undefined;
  #server: NodeServer | undefined;
  #rotation: LogRotation | undefined;
  #prober: Prober | undefined;
  #references: References | undefined;
  #runtimeSeen: { at: number; runtime: RuntimeVersion } | undefined;

  private constructor(options: AgentOptions, transport: Transport) {
    this.#options = options;
    this.#dataDir = resolve(options.dataDir);
    this.#address = options.nodeIp ?? machineAddress();
    this.#transport = transport;
    const source = { component: "kubelet", host: options.nodeName };
    this.#recorder = createEventRecorder(transport.client, source, systemClock);
    this.#runtime = createCriClient(nodeLayout(this.#dataDir).socket);
  }

  /** An agent that is not started. Rejects where a file that the options name is missing or wrong. */
  static async open(options: AgentOptions): Promise<Agent> {
    return new Agent(options, await openTransport(options, (message, error) => log(options, message, error)));
  }

  /** Resolves when the node is registered and its pods are looked after. */
  async start(): Promise<void> {
    const { signal } = this.#stopping;
    const network = await this.#prepareNetwork();
    const folders = new PodFolders(this.#dataDir);
    await mkdir(folders.pods, { recursive: true, mode: 0o711 });
    await mkdir(folders.logs, { recursive: true, mode: 0o755 });
    const podInformer = this.#transport.informers.get(podResource, {
      fieldSelector: `spec.nodeName=${this.#options.nodeName}`,
    });
    this.#server = await serveNode({
      port: this.#options.port,
      address: "0.0.0.0",
      nodeName: this.#options.nodeName,
      addresses: [this.#address, "127.0.0.1"],
      clientCa: this.#options.clientCa,
      tlsCert: this.#options.tlsCert,
      tlsKey: this.#options.tlsKey,
      folders,
      runtime: this.#runtime,
      findPod: (namespace, name) => podInformer.get(keyOf({ metadata: { namespace, name } })),
    });
    this.#registration = this.#register(network);
    await this.#registration.register(signal);
    this.#transport.start(this.#registration);
    const context = this.#context(folders, network);
    this.#pods = new Pods(context, podInformer);
    void this.#registration.run(signal);
    await this.#startProxy(network);
    await this.#pods.start();
    void watchContainerEvents(
      nodeLayout(this.#dataDir).socket,
      () => this.#pods?.runtimeChanged(),
      systemClock,
      signal,
    );
    this.#rotation = new LogRotation(this.#runtime, systemClock, context.log);
    void this.#rotation.run(signal);
  }

  /** Ends the agent; pods run on. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#prober?.stop();
    await this.#pods?.stop();
    await this.#proxier?.stop();
    this.#references?.stop();
    await this.#dns?.close();
    await this.#server?.close();
    await this.#transport.stop();
    this.#runtime.close();
  }

  #log(message: string, error?: unknown): void {
    log(this.#options, message, error);
  }

  async #prepareNetwork(): Promise<PodNetwork> {
    const layout = nodeLayout(this.#dataDir);
    const network = await claimPodNetwork(this.#dataDir, this.#options.podCidr ?? configuredCidr(layout.cniConf));
    writeCniConfig(network, layout.cniConf, join(layout.folder, "addresses"));
    return network;
  }

  #register(network: PodNetwork): Registration {
    return new Registration({
      client: this.#transport.client,
      clock: systemClock,
      recorder: this.#recorder,
      nodeName: this.#options.nodeName,
      labels: nodeLabels(this.#options.nodeName, { ...this.#machine, hostname: this.#options.nodeName }),
      annotations: this.#transport.nodeAnnotations,
      podCidr: network.cidr,
      tell: (node, status) => this.#transport.reportNode(node, status),
      status: (before) => this.#status(before),
      onError: (error) => this.#log(`the node's status can't be written: ${(error as Error).message}`),
    });
  }

  async #status(before: NonNullable<NodeStatus["conditions"]>): Promise<NodeStatus> {
    const { runtime, notReady } = await this.#runtimeState();
    const disk = diskOf(this.#dataDir);
    return nodeStatus({
      machine: { ...this.#machine, hostname: this.#options.nodeName },
      addresses: [this.#address],
      maxPods: this.#options.maxPods,
      diskBytes: disk.total,
      diskFree: disk.free,
      memoryAvailable: availableMemory(),
      runtime,
      notReady,
      serverPort: this.#server?.port ?? 0,
      now: timeText(systemClock.now()),
      before,
    });
  }

  async #runtimeState(): Promise<{ runtime?: RuntimeVersion; notReady?: string }> {
    try {
      const runtime = await this.#runtime.version();
      // Looked for each time: somebody may have removed it, and without it no pod starts.
      await ensureSandboxImage(this.#runtime, nodeLayout(this.#dataDir).socket, sandboxImage);
      const bad = (await this.#runtime.status()).filter(({ status }) => !status);
      const texts = bad.map(({ type, reason, message }) => `${type}=false reason:${reason} message:${message}`);
      this.#runtimeSeen = { at: systemClock.now(), runtime };
      return {
        runtime,
        ...(texts.length > 0 ? { notReady: `container runtime network not ready: ${texts.join("; ")}` } : {}),
      };
    } catch (error) {
      // A runtime that is started again at once is no reason to send pods elsewhere.
      const { at, runtime } = this.#runtimeSeen ?? { at: 0 };
      if (systemClock.now() - at < runtimeGraceMs) return { runtime };
      return { notReady: `container runtime is down: ${(error as Error).message}` };
    }
  }

  #context(folders: PodFolders, network: PodNetwork): NodeContext {
    const wake = (uid: string) => this.#pods?.wake(uid);
    const references = new References({ copies: this.#transport.copies, clock: systemClock, onChange: wake });
    this.#references = references;
    const allocatable = () => this.#registration?.node?.status?.allocatable ?? {};
    const tokens = new Tokens(this.#transport.client, systemClock);
    const prober = new Prober({
      runtime: this.#runtime,
      clock: systemClock,
      random: systemRandom,
      record: (pod, container, message, reason) =>
        this.#recorder.event(pod, "Warning", reason, message, { fieldPath: containerFieldPath(pod, container) }),
      onChange: wake,
    });
    this.#prober = prober;
    const serviceInformer = this.#transport.informers.get(services);
    return {
      nodeName: this.#options.nodeName,
      hostname: this.#machine.hostname,
      runtime: this.#runtime,
      images: new Images(this.#runtime, systemClock, new PulledImages(join(this.#dataDir, "pulled-images.json"))),
      imageStatus: (name) => this.#runtime.imageStatus(name),
      volumes: new Volumes({
        folders,
        references,
        tokens,
        allocatable,
        onStale: (pod, { message }) => this.#recorder.event(pod, "Warning", "FailedMount", message),
      }),
      references,
      prober,
      statuses: this.#transport.statuses,
      recorder: this.#recorder,
      folders,
      clock: systemClock,
      random: systemRandom,
      crashBackOff: new BackOff(crashFirstMs, crashMaxMs),
      cgroupParent: cgroupOf(network.bridge),
      memoryCapacity: this.#machine.memoryBytes,
      clusterDns: { servers: [this.#options.clusterDns], domain: this.#options.clusterDomain },
      machineDns: () => parseResolvConf(readFileSync(resolvConf, "utf8")),
      hostIps: () => [this.#address],
      node: () => this.#registration?.node,
      services: () => serviceInformer.list(),
      servicesSynced: serviceInformer.synced,
      others: (uid) => this.#pods?.active(uid) ?? [],
      log: (message, error) => this.#log(message, error),
    };
  }

  async #startProxy(network: PodNetwork): Promise<void> {
    const { nodeName, clusterCidrs, clusterDns, clusterDomain } = this.#options;
    const kernel = await prepareKernel();
    const serviceInformer = this.#transport.informers.get(services);
    const sliceInformer = this.#transport.informers.get(endpointslices);
    const pods = this.#transport.informers.get(podResource, { fieldSelector: `spec.nodeName=${nodeName}` });
    this.#dns = await serveDns({
      address: network.gateway,
      port: 0,
      domain: clusterDomain,
      source: informerZone(serviceInformer, sliceInformer),
      upstreams: () => parseResolvConf(readFileSync(resolvConf, "utf8")).servers,
    });
    this.#proxier = new Proxier({
      services: serviceInformer,
      slices: sliceInformer,
      pods,
      fixed: {
        table: network.bridge.replaceAll("-", "_"),
        nodeName,
        podCidr: network.cidr,
        clusterCidrs,
        dns: { clusterIp: clusterDns, address: network.gateway, port: this.#dns.port },
        masqueradeLocal: !kernel.bridgeFiltered,
      },
      clock: systemClock,
      log: (message, error) => this.#log(message, error),
    });
    void this.#proxier.start();
  }
}

function log({ verbose }: AgentOptions, message: string, error?: unknown): void {
  console.error(`${timeText(systemClock.now())} ${message}`);
  if (verbose && error instanceof Error) console.error(error.stack);
}
