/** Probes the containers of all pods (upstream: kubelet/prober). */
import type { Clock, Random } from "../../../lib/apimachinery/clock.ts";
import type { Container, Pod, Probe } from "../../../lib/openapi/types/core-v1.ts";
import type { RuntimeService } from "../../runtime/cri/client.ts";
import { isSidecar, type ProbeResults } from "../actions.ts";
import type { Readiness } from "../container-status.ts";
import { latestContainer, type RuntimePod } from "../runtime-pod.ts";
import { type CheckResult, check } from "./handlers.ts";

/** The kinds of probes. */
export type ProbeType = "startup" | "liveness" | "readiness";

/** What probes work with. */
export interface ProberOptions {
  readonly runtime: RuntimeService;
  readonly clock: Clock;
  readonly random: Random;
  /** Records an Event about a container. */
  readonly record: (pod: Pod, container: Container, message: string, reason: "Unhealthy" | "ProbeWarning") => void;
  /** Told when a result has changed. */
  readonly onChange: (podUid: string) => void;
}

const titles: Record<ProbeType, string> = { startup: "Startup", liveness: "Liveness", readiness: "Readiness" };

/** All probes of the node, and what they have found. */
export class Prober implements ProbeResults, Readiness {
  readonly #options: ProberOptions;
  readonly #workers = new Map<string, ProbeWorker>();
  /** By type and container id; absent: nothing is known yet. */
  readonly #results = new Map<string, boolean>();

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  liveness(containerId: string): boolean | undefined {
    return this.#results.get(`liveness/${containerId}`);
  }

  startup(containerId: string): boolean | undefined {
    return this.#results.get(`startup/${containerId}`);
  }

  started(container: Container, id: string): boolean {
    return container.startupProbe === undefined || this.startup(id) === true;
  }

  ready(container: Container, id: string): boolean {
    return container.readinessProbe === undefined || this.#results.get(`readiness/${id}`) === true;
  }

  /**
   * Takes over what the pod's status says of containers that an earlier agent has probed, so that a new agent does not
   * take a pod out of its Services until it has asked again. What is known already stays.
   */
  adopt({ spec, status }: Pod): void {
    const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
    for (const { name, containerID = "", started, ready } of all) {
      const id = containerID.replace(/^.*:\/\//, "");
      const container = [...spec.containers, ...(spec.initContainers ?? [])].find((one) => one.name === name);
      if (id === "" || container === undefined) continue;
      if (started && container.startupProbe) this.#learn(`startup/${id}`);
      if (ready && container.readinessProbe) this.#learn(`readiness/${id}`);
    }
  }

  #learn(key: string): void {
    if (!this.#results.has(key)) this.#results.set(key, true);
  }

  /** Makes the probes of a pod run for the containers that it has now. */
  sync(pod: Pod, runtime: RuntimePod, podIp: string): void {
    const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? []).filter(isSidecar)];
    for (const container of containers) {
      const running = latestContainer(runtime, container.name);
      for (const type of ["startup", "liveness", "readiness"] as const) {
        const probe = container[`${type}Probe`];
        if (probe === undefined) continue;
        const key = `${pod.metadata.uid}/${container.name}/${type}`;
        const old = this.#workers.get(key);
        const id = running?.state === "Running" ? running.id : undefined;
        if (old?.containerId === id && old?.podIp === podIp) continue;
        old?.stop();
        this.#workers.delete(key);
        if (id === undefined || (type === "startup" && this.startup(id) === true)) continue;
        const startedAt = running?.startedAt ?? this.#options.clock.now();
        const worker = new ProbeWorker(
          { ...this.#options, pod, container, probe, type, containerId: id, podIp, startedAt },
          this.#results,
        );
        this.#workers.set(key, worker);
        void worker.run();
      }
    }
  }

  /** Stops liveness and startup probes: the pod is ending, but it says whether it is ready until it has ended. */
  stopRestarting(podUid: string): void {
    this.#stop(podUid, (key) => !key.endsWith("/readiness"));
  }

  /** Stops all probes of a pod. */
  remove(podUid: string): void {
    this.#stop(podUid, () => true);
  }

  /** Stops everything. */
  stop(): void {
    for (const worker of this.#workers.values()) worker.stop();
    this.#workers.clear();
  }

  #stop(podUid: string, which: (key: string) => boolean): void {
    for (const [key, worker] of this.#workers) {
      if (!key.startsWith(`${podUid}/`) || !which(key)) continue;
      worker.stop();
      this.#workers.delete(key);
      for (const type of Object.keys(titles)) {
        if (key.endsWith(`/${type}`) && worker.containerId) this.#results.delete(`${type}/${worker.containerId}`);
      }
    }
  }
}

interface WorkerOptions extends ProberOptions {
  readonly pod: Pod;
  readonly container: Container;
  readonly probe: Probe;
  readonly type: ProbeType;
  readonly containerId: string;
  readonly podIp: string;
  readonly startedAt: number;
}

/** One probe of one container until that ends. */
class ProbeWorker {
  readonly #options: WorkerOptions;
  readonly #results: Map<string, boolean>;
  readonly #abort = new AbortController();
  #last: "success" | "failure" | undefined;
  #streak = 0;

  constructor(options: WorkerOptions, results: Map<string, boolean>) {
    this.#options = options;
    this.#results = results;
    if (options.type === "readiness" && !results.has(this.#key)) results.set(this.#key, false);
  }

  get containerId(): string {
    return this.#options.containerId;
  }

  get podIp(): string {
    return this.#options.podIp;
  }

  get #key(): string {
    return `${this.#options.type}/${this.#options.containerId}`;
  }

  stop(): void {
    this.#abort.abort();
  }

  async run(): Promise<void> {
    const { clock, probe, type, startedAt } = this.#options;
    const { signal } = this.#abort;
    const periodMs = (probe.periodSeconds ?? 10) * 1000;
    await clock.sleep(Math.max(0, startedAt + (probe.initialDelaySeconds ?? 0) * 1000 - clock.now()), signal);
    while (!signal.aborted) {
      if (!(await this.#waitForStartup(signal))) return;
      const startedCheck = clock.now();
      const outcome = await this.#check();
      if (signal.aborted || this.#judge(outcome)) return;
      // Passed once: a startup probe's work is done.
      if (type === "startup" && this.#results.get(this.#key) === true) return;
      await clock.sleep(Math.max(0, periodMs - (clock.now() - startedCheck)), signal);
    }
  }

  /** Liveness and readiness don't count before the startup probe has passed. */
  async #waitForStartup(signal: AbortSignal): Promise<boolean> {
    const { container, type, containerId, clock } = this.#options;
    if (type === "startup" || container.startupProbe === undefined) return true;
    const pollMs = 200;
    while (this.#results.get(`startup/${containerId}`) !== true) {
      if (signal.aborted) return false;
      await clock.sleep(pollMs, signal);
    }
    return !signal.aborted;
  }

  async #check(): Promise<CheckResult> {
    const { probe, runtime, container, containerId, podIp } = this.#options;
    const target = { runtime, container, containerId, podIp, timeoutMs: (probe.timeoutSeconds ?? 1) * 1000 };
    const tries = 3;
    let outcome = await check(probe, target);
    for (let attempt = 1; outcome.result === "error" && attempt < tries; attempt++)
      outcome = await check(probe, target);
    return outcome;
  }

  /** True where nothing is left to find out about this container. */
  #judge({ result, output }: CheckResult): boolean {
    const { probe, type, pod, container, record, onChange } = this.#options;
    const title = titles[type];
    if (result === "error")
      record(pod, container, `${title} probe errored and resulted in unknown state: ${output}`, "Unhealthy");
    if (result === "failure") record(pod, container, `${title} probe failed: ${output}`, "Unhealthy");
    if (result === "warning") record(pod, container, `${title} probe warning: ${output}`, "ProbeWarning");
    if (result === "error") return false;
    const passed = result !== "failure";
    const now = passed ? "success" : "failure";
    this.#streak = this.#last === now ? this.#streak + 1 : 1;
    this.#last = now;
    const needed = passed ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
    if (this.#streak < needed) return false;
    const before = this.#results.get(this.#key);
    this.#results.set(this.#key, passed);
    if (before !== passed) onChange(pod.metadata.uid);
    // A container that failed for good is being restarted: no more until the next one runs.
    return !passed && type !== "readiness";
  }
}
