/**
 * Keeps one pod as it should be: one sync at a time, each from what is there now (upstream: kubelet/pod_workers.go,
 * kubelet.SyncPod, SyncTerminatingPod, SyncTerminatedPod).
 */
import { rm } from "node:fs/promises";
import { timeText } from "../../lib/apimachinery/clock.ts";
import type { Container, Pod, PodStatus, Secret } from "../../lib/openapi/types/core-v1.ts";
import { isUnavailable } from "../runtime/cri/client.ts";
import type { PodSandboxConfig } from "../runtime/cri/messages.ts";
import { podActions } from "./actions.ts";
import { admit, type Refusal } from "./admission.ts";
import { removeCgroup } from "./cgroup.ts";
import { podDns } from "./dns-config.ts";
import type { PodPlace } from "./fields.ts";
import { podHostname } from "./hosts-file.ts";
import { killContainer, killPod, removePod } from "./kill.ts";
import { deadlineOf, isTerminal, needsResync } from "./lifetime.ts";
import type { NodeContext } from "./node-context.ts";
import { podCgroup } from "./resources.ts";
import { emptyRuntimePod, type RuntimePod, readRuntimePod } from "./runtime-pod.ts";
import { sandboxConfig } from "./sandbox-config.ts";
import { startContainer } from "./start-container.ts";
import { podStatus } from "./status.ts";
import { terminationMessage } from "./termination-message.ts";
import { type MountedVolumes, VolumeError } from "./volumes/volumes.ts";
import { WaitingError } from "./waiting-error.ts";

type Stage = "running" | "terminating" | "terminated" | "gone";

/** Secrets and tokens that were written into volumes are looked at again after so long. */
const resyncMs = 60_000;
const failureFirstMs = 500;
const failureMaxMs = 30_000;

/** Runs one pod until nothing of it is left. */
export class PodWorker {
  readonly #node: NodeContext;
  readonly #onGone: () => void;
  #pod: Pod;
  #stage: Stage = "running";
  #admitted = false;
  #failed: Refusal | undefined;
  #inApi = true;
  #waiting = new Map<string, { reason: string; message: string }>();
  #runtime: RuntimePod;
  #dirty = false;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #stopped = false;
  #killGraceSeconds = Number.POSITIVE_INFINITY;

  constructor(node: NodeContext, pod: Pod, onGone: () => void) {
    this.#node = node;
    this.#pod = pod;
    this.#onGone = onGone;
    this.#runtime = emptyRuntimePod(pod.metadata.uid);
  }

  get pod(): Pod {
    return this.#pod;
  }

  /** Whether it holds resources of the node: it has been admitted and has not ended. */
  get active(): boolean {
    return this.#admitted && this.#failed === undefined && (this.#stage === "running" || this.#stage === "terminating");
  }

  /** A newer version of the pod; undefined: it is gone from the API. */
  update(pod: Pod | undefined): void {
    if (pod === undefined) this.#inApi = false;
    else this.#pod = pod;
    this.#shortenKill();
    this.wake();
  }

  /** Something may have changed: sync soon. */
  wake(): void {
    this.#dirty = true;
    if (this.#running !== undefined || this.#stopped || this.#stage === "gone") return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      if (this.#dirty && !this.#stopped && this.#stage !== "gone") this.wake();
    });
  }

  /** Leaves the pod as it is. Resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await Promise.race([this.#running, this.#node.clock.sleep(1000)]);
  }

  async #run(): Promise<void> {
    while (this.#dirty && !this.#stopped) {
      this.#dirty = false;
      clearTimeout(this.#timer);
      try {
        const againAt = await this.#sync();
        this.#failures = 0;
        this.#wakeAt(againAt);
      } catch (error) {
        this.#failures++;
        const delay = Math.min(failureFirstMs * 2 ** (this.#failures - 1), failureMaxMs);
        this.#node.log(`pod ${this.#name}: ${(error as Error).message}`, error);
        this.#wakeAt(this.#node.clock.now() + (isUnavailable(error) ? failureFirstMs : delay));
      }
    }
  }

  get #name(): string {
    return `${this.#pod.metadata.namespace}/${this.#pod.metadata.name}`;
  }

  #wakeAt(at: number | undefined): void {
    if (at === undefined || this.#stopped || this.#stage === "gone") return;
    this.#timer = setTimeout(() => this.wake(), Math.max(0, at - this.#node.clock.now()));
    this.#timer.unref();
  }

  /** Gives when to look again even if nothing happens. */
  async #sync(): Promise<number | undefined> {
    const pod = this.#pod;
    if (this.#stage === "running" && (!this.#inApi || pod.metadata.deletionTimestamp || isTerminal(pod.status))) {
      this.#stage = "terminating";
    }
    if (this.#stage === "running") return this.#syncRunning(pod);
    if (this.#stage === "terminating") await this.#syncTerminating(pod);
    if (this.#stage === "terminated") return this.#syncTerminated(this.#pod);
    return undefined;
  }

  async #syncRunning(pod: Pod): Promise<number | undefined> {
    const { clock, prober } = this.#node;
    prober.adopt(pod);
    await this.#read();
    if (!this.#admit(pod)) {
      this.#refuse(pod);
      return undefined;
    }
    const deadline = deadlineOf(pod, this.#node.statuses.get(pod.metadata.uid));
    if (deadline !== undefined && clock.now() >= deadline) {
      const message = "Pod was active on the node longer than the specified deadline";
      this.#node.recorder.event(pod, "Normal", "DeadlineExceeded", message);
      this.#failed = { reason: "DeadlineExceeded", message };
      return this.#end(pod);
    }
    const status = await this.#report(pod, false);
    if (isTerminal(status)) return this.#end(pod);
    const againAt = await this.#actuate(pod);
    await this.#read();
    prober.sync(pod, this.#runtime, this.#place().podIps[0] ?? "127.0.0.1");
    const after = await this.#report(pod, false);
    if (isTerminal(after)) return this.#end(pod);
    const resync = needsResync(pod) ? clock.now() + resyncMs : undefined;
    const times = [againAt, deadline, resync].filter((time) => time !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  #end(pod: Pod): Promise<number | undefined> {
    this.#stage = "terminating";
    return this.#syncTerminating(pod).then(() => this.#syncTerminated(this.#pod));
  }

  /** A pod that has run here already has been admitted before. */
  #admit(pod: Pod): boolean {
    if (this.#admitted) return true;
    const node = this.#node.node();
    const started = this.#runtime.sandboxes.length > 0 || pod.status?.startTime !== undefined;
    const refusal = started || node === undefined ? undefined : admit(pod, this.#node.others(pod.metadata.uid), node);
    this.#admitted = true;
    if (refusal === undefined) return true;
    this.#node.recorder.event(pod, "Warning", refusal.reason, refusal.message);
    this.#failed = { reason: refusal.reason, message: `Pod was rejected: ${refusal.message}` };
    return false;
  }

  /** Nothing of a refused pod was ever here: it has no containers to tell of. */
  #refuse(pod: Pod): void {
    const { statuses, clock } = this.#node;
    statuses.set(pod, {
      phase: "Failed",
      ...this.#failed,
      startTime: timeText(clock.now()),
      ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    });
    this.#stage = "terminated";
  }

  async #read(): Promise<void> {
    this.#runtime = await readRuntimePod(this.#node.runtime, this.#pod.metadata.uid);
  }

  #place(): PodPlace {
    const { hostIps, nodeName, statuses } = this.#node;
    const own = this.#runtime.sandboxes[0]?.ips ?? [];
    const known = (statuses.get(this.#pod.metadata.uid)?.podIPs ?? []).map(({ ip }) => ip);
    const podIps = this.#pod.spec.hostNetwork ? hostIps() : own.length > 0 ? own : known;
    return { podIps, hostIps: hostIps(), nodeName };
  }

  async #report(pod: Pod, terminal: boolean): Promise<PodStatus> {
    const { statuses, clock, hostIps, prober, folders } = this.#node;
    const messages = new Map<string, string>();
    for (const container of this.#runtime.containers) {
      if (container.state !== "Exited") continue;
      messages.set(container.id, await terminationMessage(pod.metadata.uid, container, folders));
    }
    const status = podStatus({
      pod,
      runtime: this.#runtime,
      waiting: this.#waiting,
      readiness: prober,
      terminationMessages: messages,
      terminal,
      last: statuses.get(pod.metadata.uid) ?? pod.status ?? {},
      hostIps: hostIps(),
      now: clock.now(),
      failed: this.#failed,
    });
    statuses.set(pod, status);
    return status;
  }

  /** Does what podActions says. Gives when something that waits may be tried again. */
  async #actuate(pod: Pod): Promise<number | undefined> {
    const node = this.#node;
    const actions = podActions(pod, this.#runtime, node.prober);
    const graceSeconds = pod.spec.terminationGracePeriodSeconds ?? 30;
    if (actions.killPod) {
      if (actions.createSandbox && actions.sandboxId !== undefined) {
        const message = "Pod sandbox changed, it will be killed and re-created.";
        node.recorder.event(pod, "Normal", "SandboxChanged", message);
      }
      await killPod(node, pod, this.#runtime, graceSeconds);
      if (!actions.createSandbox) return undefined;
    } else await this.#killContainers(pod, actions.containersToKill, graceSeconds);
    const again = [...actions.initContainersToStart, ...actions.containersToStart];
    if (again.length === 0 && !actions.createSandbox) {
      await this.#mount(pod);
      return undefined;
    }
    const mounted = await this.#mount(pod);
    const config = this.#sandboxConfig(pod, actions.attempt);
    let sandboxId = actions.sandboxId ?? "";
    if (actions.createSandbox) sandboxId = await this.#createSandbox(pod, config);
    await this.#read();
    return this.#startAll(pod, again, { sandboxId, sandbox: config, mounted });
  }

  async #killContainers(
    pod: Pod,
    kills: readonly ReturnType<typeof podActions>["containersToKill"][number][],
    podGrace: number,
  ): Promise<void> {
    const podIp = this.#place().podIps[0] ?? "127.0.0.1";
    for (const { container, spec, message, reason } of kills) {
      const own =
        reason === "LivenessProbe"
          ? spec.livenessProbe?.terminationGracePeriodSeconds
          : reason === "StartupProbe"
            ? spec.startupProbe?.terminationGracePeriodSeconds
            : undefined;
      await killContainer(this.#node, pod, spec, container, { message, podIp, graceSeconds: own ?? podGrace });
    }
  }

  async #mount(pod: Pod): Promise<MountedVolumes> {
    try {
      return await this.#node.volumes.mount(pod, this.#place());
    } catch (error) {
      if (error instanceof VolumeError) this.#node.recorder.event(pod, "Warning", "FailedMount", error.message);
      throw error;
    }
  }

  #sandboxConfig(pod: Pod, attempt: number): PodSandboxConfig {
    const { folders, hostname, cgroupParent, clusterDns, machineDns } = this.#node;
    return sandboxConfig(pod, attempt, {
      folders,
      hostname: podHostname(pod, clusterDns.domain).hostname,
      nodeHostname: hostname,
      dns: podDns(pod, machineDns(), clusterDns),
      cgroupParent,
    });
  }

  async #createSandbox(pod: Pod, config: PodSandboxConfig): Promise<string> {
    try {
      return await this.#node.runtime.runPodSandbox(config);
    } catch (error) {
      if (!isUnavailable(error)) {
        const message = `Failed to create pod sandbox: ${(error as Error).message}`;
        this.#node.recorder.event(pod, "Warning", "FailedCreatePodSandBox", message);
      }
      throw error;
    }
  }

  async #startAll(
    pod: Pod,
    containers: readonly Container[],
    made: { sandboxId: string; sandbox: PodSandboxConfig; mounted: MountedVolumes },
  ): Promise<number | undefined> {
    const pullSecrets = await this.#pullSecrets(pod);
    let again: number | undefined;
    for (const container of containers) {
      if (this.#pod.metadata.deletionTimestamp !== undefined || this.#stopped) return again;
      try {
        await startContainer(this.#node, {
          pod,
          container,
          runtime: this.#runtime,
          place: this.#place(),
          pullSecrets,
          ...made,
        });
        this.#waiting.delete(container.name);
      } catch (error) {
        if (!(error instanceof WaitingError)) throw error;
        this.#waiting.set(container.name, { reason: error.reason, message: error.message });
        const retryMs = 10_000;
        again = Math.min(again ?? Number.POSITIVE_INFINITY, error.until ?? this.#node.clock.now() + retryMs);
      }
    }
    return again;
  }

  async #pullSecrets(pod: Pod): Promise<Secret[]> {
    const found: Secret[] = [];
    for (const { name } of pod.spec.imagePullSecrets ?? []) {
      const secret = name ? await this.#node.references.secret(pod, name) : undefined;
      if (secret) found.push(secret);
      else if (name) {
        const so = "attempting to pull the image may not succeed.";
        const message = `Unable to retrieve some image pull secrets (${name}); ${so}`;
        this.#node.recorder.event(pod, "Warning", "FailedToRetrieveImagePullSecret", message);
      }
    }
    return found;
  }

  /** A shorter grace period given while the pod is ending already counts at once. */
  #shortenKill(): void {
    const grace = this.#pod.metadata.deletionGracePeriodSeconds;
    if (this.#stage !== "terminating" || grace === undefined || grace >= this.#killGraceSeconds) return;
    this.#killGraceSeconds = grace;
    for (const { id, state } of this.#runtime.containers) {
      if (state === "Running") void this.#node.runtime.stopContainer(id, grace).catch(() => {});
    }
  }

  async #syncTerminating(pod: Pod): Promise<void> {
    const { prober } = this.#node;
    await this.#read();
    prober.stopRestarting(pod.metadata.uid);
    await this.#report(pod, false);
    const grace = this.#inApi
      ? (pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30)
      : 1;
    this.#killGraceSeconds = grace;
    // Who is being killed is not started again, whatever the policy says.
    await killPod(this.#node, pod, this.#runtime, grace);
    prober.remove(pod.metadata.uid);
    await this.#read();
    const alive = this.#runtime.containers.filter(({ state }) => state === "Running");
    if (alive.length > 0) throw new Error(`containers still run: ${alive.map(({ name }) => name).join(", ")}`);
    this.#stage = "terminated";
    await this.#report(this.#pod, true);
  }

  /** What a pod that was not deleted leaves behind, its logs above all, stays until it is. */
  async #syncTerminated(pod: Pod): Promise<undefined> {
    const { volumes, statuses, images, crashBackOff, cgroupParent, folders } = this.#node;
    const { uid } = pod.metadata;
    const deleted = !this.#inApi || pod.metadata.deletionTimestamp !== undefined;
    await volumes.unmount(uid);
    if (!deleted) return undefined;
    await this.#read();
    await removePod(this.#node, this.#runtime);
    await rm(folders.podLogs(pod), { recursive: true, force: true });
    await removeCgroup(podCgroup(cgroupParent, pod));
    images.forget(uid);
    crashBackOff.forget(`${uid}/`);
    statuses.finish(pod);
    if (this.#inApi) return undefined;
    statuses.remove(uid);
    this.#stage = "gone";
    this.#onGone();
    return undefined;
  }
}
