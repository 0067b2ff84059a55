/** Keeps the machine's rules equal to the cluster's Services (upstream: kube-proxy). */
import type { Clock } from "../../lib/apimachinery/clock.ts";
import { keyOf } from "../../lib/apimachinery/meta.ts";
import type { Informer } from "../../lib/client/informer.ts";
import type { Pod, Service } from "../../lib/openapi/types/core-v1.ts";
import type { EndpointSlice } from "../../lib/openapi/types/discovery-v1.ts";
import { applyRuleset, forgetUdp, forgetUdpPort, removeTable } from "./nft.ts";
import { type HostPort, type RulesetInput, ruleset } from "./ruleset.ts";

/** What the proxy works with. */
export interface ProxierOptions {
  readonly services: Informer<Service>;
  readonly slices: Informer<EndpointSlice>;
  /** The pods of this node. */
  readonly pods: Informer<Pod>;
  readonly fixed: Omit<RulesetInput, "services" | "slices" | "hostPorts">;
  readonly clock: Clock;
  readonly log: (message: string, error?: unknown) => void;
  /** Applies a ruleset; the machine's nft unless a test says otherwise. */
  readonly apply?: (text: string) => Promise<void>;
}

const serviceNameLabel = "kubernetes.io/service-name";
/** Changes that come together are applied together. */
const gatherMs = 30;
const retryMs = 1000;

/** Applies the rules when anything that they are made of changes. */
export class Proxier {
  readonly #options: ProxierOptions;
  readonly #stop = new AbortController();
  #applied = "";
  #udp = new Map<string, string>();
  #dirty = false;
  #running: Promise<void> | undefined;

  constructor(options: ProxierOptions) {
    this.#options = options;
    options.slices.addIndex("service", (slice) => {
      const name = slice.metadata.labels?.[serviceNameLabel];
      return name ? [`${slice.metadata.namespace}/${name}`] : [];
    });
  }

  /** Resolves when the rules are there for the first time. */
  async start(): Promise<void> {
    const { services, slices, pods } = this.#options;
    await Promise.all([services.synced, slices.synced, pods.synced]);
    const changed = () => this.#changed();
    services.onChange(changed);
    slices.onChange(changed);
    pods.onChange(({ object, old }) => {
      if (hasHostPort(object) || hasHostPort(old)) changed();
    });
    changed();
    await this.#running;
  }

  /** Stops following; the rules stay, so that Services go on working. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Removes the rules. */
  remove(): Promise<void> {
    return removeTable(this.#options.fixed.table);
  }

  #changed(): void {
    this.#dirty = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    const { clock, log, apply = applyRuleset } = this.#options;
    const { signal } = this.#stop;
    while (this.#dirty && !signal.aborted) {
      await clock.sleep(gatherMs, signal);
      this.#dirty = false;
      try {
        const input = this.#input();
        const text = ruleset(input);
        if (text === this.#applied) continue;
        await apply(text);
        this.#applied = text;
        await this.#forgetUdp(input);
      } catch (error) {
        log(`the rules for Services can't be set: ${(error as Error).message}`, error);
        this.#dirty = true;
        await clock.sleep(retryMs, signal);
      }
    }
  }

  #input(): RulesetInput {
    const { services, slices, pods, fixed } = this.#options;
    const all = services.list();
    const byService = new Map(all.map((service) => [keyOf(service), slices.byIndex("service", keyOf(service))]));
    return { ...fixed, services: all, slices: byService, hostPorts: pods.list().flatMap(hostPortsOf) };
  }

  /** A UDP "connection" outlives its endpoint: what was sent to one that is gone must be sent elsewhere now. */
  async #forgetUdp({ services, slices }: RulesetInput): Promise<void> {
    const now = new Map<string, string>();
    for (const service of services) {
      for (const { port, protocol, nodePort } of service.spec?.ports ?? []) {
        if (protocol !== "UDP" || !service.spec?.clusterIP) continue;
        const targets = (slices.get(keyOf(service)) ?? []).flatMap(({ endpoints }) =>
          (endpoints ?? [])
            .filter(({ conditions }) => conditions?.ready !== false)
            .flatMap(({ addresses }) => addresses),
        );
        now.set(`${service.spec.clusterIP} ${port} ${nodePort ?? 0}`, targets.sort().join(","));
      }
    }
    const before = this.#udp;
    this.#udp = now;
    for (const [key, targets] of now) {
      if (before.get(key) === targets) continue;
      const [address, port, nodePort] = key.split(" ");
      await forgetUdp(address, Number(port));
      if (nodePort !== "0") await forgetUdpPort(Number(nodePort));
    }
  }
}

function hasHostPort(pod: Pod | undefined): boolean {
  if (pod === undefined || pod.spec.hostNetwork) return false;
  return pod.spec.containers.some(({ ports = [] }) => ports.some(({ hostPort }) => hostPort));
}

/** The ports of the machine that lead to a pod that has an address. */
export function hostPortsOf(pod: Pod): HostPort[] {
  const ip = pod.status?.podIP;
  const ended = pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
  if (!ip || ended || pod.spec.hostNetwork) return [];
  return pod.spec.containers.flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostPort, hostIP = "", protocol = "TCP", containerPort }) =>
      hostPort ? [{ hostIp: hostIP, hostPort, protocol, podIp: ip, containerPort }] : [],
    ),
  );
}
