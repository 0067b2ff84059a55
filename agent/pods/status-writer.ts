/** Writes pods' statuses to the API, newest last, as long as it takes (upstream: kubelet/status/status_manager.go). */
import type { Clock } from "../../lib/apimachinery/clock.ts";
import { deepEqual } from "../../lib/apimachinery/equality.ts";
import { hasReason, isNotFound } from "../../lib/apimachinery/errors.ts";
import type { Client } from "../../lib/client/interface.ts";
import { statusPatch } from "../../lib/nodes/pod-status.ts";
import type { Pod, PodStatus } from "../../lib/openapi/types/core-v1.ts";
import { pods } from "../../lib/openapi/types/resources.ts";

/** What a writer works with. */
export interface StatusWriterOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly onError: (error: unknown, pod: Pod) => void;
}

interface Entry {
  pod: Pod;
  status: PodStatus;
  /** What the API has, as far as is known. */
  written?: PodStatus;
  /** The pod's revision after that write. */
  revision: number;
  writing?: Promise<void>;
  /** The pod has ended and nothing of it is left: it may go from the API. */
  finished: boolean;
}

const retryFirstMs = 200;
const retryMaxMs = 10_000;

/** Where workers say how their pods are. */
export interface PodStatuses {
  /** The last status set for a pod. */
  get(podUid: string): PodStatus | undefined;
  /** Sets the status and begins to tell it. */
  set(pod: Pod, status: PodStatus): void;
  /** Says that nothing of the pod is left here: where it is being deleted, it is removed from the API. */
  finish(pod: Pod): void;
  /** Forgets a pod that is gone from the API. */
  remove(podUid: string): void;
  /** Gives up what is not told yet. */
  stop(): void;
}

/** The latest status of each pod. Each is written by one writer at a time; what came meanwhile is written next. */
export class StatusWriter implements PodStatuses {
  readonly #options: StatusWriterOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #stop = new AbortController();

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  get(podUid: string): PodStatus | undefined {
    return this.#entries.get(podUid)?.status;
  }

  set(pod: Pod, status: PodStatus): void {
    const entry = this.#entries.get(pod.metadata.uid);
    if (entry === undefined) {
      const fresh: Entry = { pod, status, revision: 0, finished: false };
      this.#entries.set(pod.metadata.uid, fresh);
      this.#write(fresh);
      return;
    }
    entry.pod = pod;
    // The node lifecycle controller says of a silent node's pods that they are not ready: now they are again.
    if (isOverruled(entry)) entry.written = pod.status;
    else if (deepEqual(entry.status, status) && entry.written !== undefined) return;
    entry.status = status;
    this.#write(entry);
  }

  finish(pod: Pod): void {
    const entry = this.#entries.get(pod.metadata.uid);
    if (entry === undefined) return;
    entry.pod = pod;
    entry.finished = true;
    this.#write(entry);
  }

  remove(podUid: string): void {
    this.#entries.delete(podUid);
  }

  stop(): void {
    this.#stop.abort();
  }

  #write(entry: Entry): void {
    if (entry.writing !== undefined) return;
    entry.writing = this.#writeAll(entry).finally(() => {
      entry.writing = undefined;
    });
  }

  async #writeAll(entry: Entry): Promise<void> {
    const { clock, onError } = this.#options;
    const { signal } = this.#stop;
    let delayMs = retryFirstMs;
    while (!signal.aborted && this.#entries.get(entry.pod.metadata.uid) === entry) {
      const { status, pod, finished } = entry;
      try {
        if (!deepEqual(status, entry.written)) entry.revision = await this.#patch(entry, status);
        entry.written = status;
        if (finished && pod.metadata.deletionTimestamp !== undefined) {
          await this.#delete(pod);
          return;
        }
        if (entry.status === status && entry.finished === finished) return;
        delayMs = retryFirstMs;
      } catch (error) {
        if (isNotFound(error)) return;
        // Another pod of the same name has taken its place.
        if (hasReason(error, "Conflict")) return;
        onError(error, pod);
        await clock.sleep(delayMs, signal);
        delayMs = Math.min(delayMs * 2, retryMaxMs);
      }
    }
  }

  /** Gives the pod's new revision. */
  async #patch({ pod, written }: Entry, status: PodStatus): Promise<number> {
    const { namespace, name, uid } = pod.metadata;
    const patch = { metadata: { uid }, status: statusPatch(status, written ?? pod.status ?? {}) };
    const stored = await this.#options.client.patch(pods, { namespace, name }, "strategic", patch, {
      subresource: "status",
    });
    return Number(stored.metadata.resourceVersion);
  }

  async #delete({ metadata: { namespace, name, uid } }: Pod): Promise<void> {
    try {
      await this.#options.client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0, uid });
    } catch (error) {
      if (!isNotFound(error) && !hasReason(error, "Conflict")) throw error;
    }
  }
}

const readiness = (status: PodStatus | undefined) => status?.conditions?.find(({ type }) => type === "Ready")?.status;

/** Whether somebody has written another readiness since ours. A pod from before our write says nothing. */
function isOverruled({ pod, written, revision }: Entry): boolean {
  if (written === undefined || Number(pod.metadata.resourceVersion) <= revision) return false;
  return readiness(written) !== undefined && readiness(pod.status) !== readiness(written);
}
