/** All pods of the node: one worker each, told of changes in API and runtime (upstream: kubelet.syncLoop). */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { keyOf } from "../../lib/apimachinery/meta.ts";
import type { Informer } from "../../lib/client/informer.ts";
import type { Pod } from "../../lib/openapi/types/core-v1.ts";
import type { Container, PodSandbox } from "../runtime/cri/messages.ts";
import { removeCgroup } from "./cgroup.ts";
import { garbage } from "./garbage.ts";
import { annotation, label } from "./labels.ts";
import type { NodeContext } from "./node-context.ts";
import { PodWorker } from "./pod-worker.ts";
import { Relist } from "./relist.ts";
import { podCgroup } from "./resources.ts";

/** Without any event, the runtime is asked after so long. */
const relistMs = 5000;
/** Events that come together cause one relist. */
const gatherMs = 20;
/** An event is told before the runtime's own list shows it (containerd drains the output first): looks that follow. */
const followUpsMs = [100, 400, 1500];

/** Runs the node's pods. */
export class Pods {
  readonly #node: NodeContext;
  readonly #informer: Informer<Pod>;
  readonly #relist: Relist;
  readonly #workers = new Map<string, PodWorker>();
  readonly #orphans = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #relisting: Promise<void> | undefined;
  #again = false;
  #gathering = false;
  #followUps: readonly number[] = [];
  #stopped = false;

  constructor(node: NodeContext, informer: Informer<Pod>) {
    this.#node = node;
    this.#informer = informer;
    this.#relist = new Relist(node.runtime);
  }

  /** Begins. What runs already is adopted: workers look at the runtime before they do anything. */
  async start(): Promise<void> {
    await this.#informer.synced;
    this.#informer.onChange(({ object, old }) => {
      if (object) this.#update(object);
      else if (old) this.#workers.get(old.metadata.uid)?.update(undefined);
    });
    await this.#runRelist();
  }

  /** Leaves all pods as they are. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await Promise.all([...this.#workers.values()].map((worker) => worker.stop()));
  }

  /** Something happened in the runtime. */
  runtimeChanged(): void {
    this.#followUps = followUpsMs;
    if (this.#gathering || this.#stopped) return;
    this.#gathering = true;
    setTimeout(() => {
      this.#gathering = false;
      if (!this.#stopped) void this.#runRelist();
    }, gatherMs);
  }

  /** Something that a pod depends on has changed. */
  wake(podUid: string): void {
    this.#workers.get(podUid)?.wake();
  }

  /** The pods that hold resources of the node, but for one. */
  active(exceptUid: string): Pod[] {
    const found: Pod[] = [];
    for (const [uid, worker] of this.#workers) if (uid !== exceptUid && worker.active) found.push(worker.pod);
    return found;
  }

  /** A pod by namespace and name. */
  get(namespace: string, name: string): Pod | undefined {
    return this.#informer.get(keyOf({ metadata: { namespace, name } }));
  }

  #update(pod: Pod): void {
    const { uid } = pod.metadata;
    const worker = this.#workers.get(uid);
    if (worker) {
      worker.update(pod);
      return;
    }
    const fresh = new PodWorker(this.#node, pod, () => this.#workers.delete(uid));
    this.#workers.set(uid, fresh);
    fresh.wake();
  }

  async #runRelist(): Promise<void> {
    if (this.#relisting !== undefined) {
      this.#again = true;
      return this.#relisting;
    }
    clearTimeout(this.#timer);
    this.#relisting = this.#relistOnce().finally(() => {
      this.#relisting = undefined;
      if (this.#stopped) return;
      this.#timer = setTimeout(() => void this.#runRelist(), this.#nextMs());
      this.#timer.unref();
    });
    return this.#relisting;
  }

  /** When to look again: at once if something happened meanwhile, soon after an event, seldom otherwise. */
  #nextMs(): number {
    const again = this.#again;
    this.#again = false;
    if (again) return gatherMs;
    const [next = relistMs, ...later] = this.#followUps;
    this.#followUps = later;
    return next;
  }

  async #relistOnce(): Promise<void> {
    try {
      const { sandboxes, containers, changed } = await this.#relist.run();
      for (const uid of changed) this.wake(uid);
      await this.#removeOrphans(sandboxes, containers);
      await this.#removeGarbage(sandboxes, containers);
    } catch (error) {
      if (!this.#stopped) this.#node.log(`the container runtime does not answer: ${(error as Error).message}`, error);
    }
  }

  /** Pods that were deleted while no agent ran. */
  async #removeOrphans(sandboxes: readonly PodSandbox[], containers: readonly Container[]): Promise<void> {
    const folders = await readdir(this.#node.folders.pods).catch(() => []);
    const uids = new Set([...sandboxes.map(({ labels }) => labels[label.podUid] ?? ""), ...folders]);
    for (const uid of uids) {
      if (uid === "" || this.#workers.has(uid) || this.#orphans.has(uid)) continue;
      this.#orphans.add(uid);
      const own = sandboxes.filter(({ labels }) => labels[label.podUid] === uid);
      void this.#removeOrphan(uid, own, containers).finally(() => this.#orphans.delete(uid));
    }
  }

  async #removeOrphan(uid: string, sandboxes: readonly PodSandbox[], containers: readonly Container[]): Promise<void> {
    const { runtime, volumes, folders, cgroupParent, log } = this.#node;
    try {
      const own = containers.filter(({ labels }) => labels[label.podUid] === uid);
      await Promise.all(
        own.map((one) => runtime.stopContainer(one.id, Number(one.annotations[annotation.gracePeriod] ?? 30))),
      );
      await Promise.all(own.map(({ id }) => runtime.removeContainer(id)));
      for (const { id } of sandboxes) {
        await runtime.stopPodSandbox(id);
        await runtime.removePodSandbox(id);
      }
      await volumes.unmount(uid);
      for (const { metadata } of sandboxes) {
        const place = `${metadata.namespace}_${metadata.name}_${uid}`;
        await rm(join(folders.logs, place), { recursive: true, force: true });
      }
      await removeCgroup(podCgroup(cgroupParent, { metadata: { uid } }));
    } catch (error) {
      log(`the pod ${uid}, which is gone from the API, can't be removed yet: ${(error as Error).message}`, error);
    }
  }

  async #removeGarbage(sandboxes: readonly PodSandbox[], containers: readonly Container[]): Promise<void> {
    const { runtime, folders } = this.#node;
    const old = garbage(sandboxes, containers);
    for (const { id, labels, metadata } of old.containers) {
      await runtime.removeContainer(id);
      const place = `${labels[label.podNamespace]}_${labels[label.podName]}_${labels[label.podUid]}`;
      const name = labels[label.containerName] ?? metadata.name;
      await rm(join(folders.logs, place, name, `${metadata.attempt}.log`), { force: true });
    }
    for (const { id } of old.sandboxes) await runtime.removePodSandbox(id);
  }
}
