/** Tells the control plane through the report queue how the node and its pods are, in batches. */
import type { Clock, Random } from "../../lib/apimachinery/clock.ts";
import { deepEqual } from "../../lib/apimachinery/equality.ts";
import {
  maxReportBytes,
  maxReportItems,
  type Report,
  type ReportItem,
  type ReportQueue,
} from "../../lib/nodes/reports.ts";
import type { NodeStatus, Pod, PodStatus } from "../../lib/openapi/types/core-v1.ts";
import type { PodStatuses } from "../pods/status-writer.ts";

/** What a reporter works with. */
export interface ReporterOptions {
  readonly queue: ReportQueue;
  readonly clock: Clock;
  readonly random: Random;
  readonly cluster: string;
  readonly node: string;
  /** The registered Node's uid; nothing is sent before there is one. */
  readonly nodeUid: () => string | undefined;
  readonly epoch: number;
  readonly onError: (error: unknown) => void;
}

interface Entry {
  pod: Pod;
  status: PodStatus;
  /** The pod's revision when the status was set. */
  revision: number;
  sequence: number;
  /** The sequence that the queue has taken last. */
  sent: number;
  finished: boolean;
}

const heartbeatMs = 10_000;
/**
 * All is said again so often: what the control plane could not take for longer than its queue tries is lost to it (ms).
 */
const repeatMs = 30 * 60_000;
/** What is said in the same moment goes in one message. */
const gatherMs = 20;
const firstDelayMs = 500;
const maxDelayMs = 30_000;
/** Room for what is around the items of a report. */
const frameBytes = 1024;

/** The latest status of the node and of each pod: what is not sent yet is replaced by what is newer. */
export class Reporter implements PodStatuses {
  readonly #options: ReporterOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #stopping = new AbortController();
  #node: { status: NodeStatus; sequence: number; sent: number } | undefined;
  /** Of reports and of statuses alike. */
  #sequence = 0;
  #wake = new AbortController();
  #beatAt = Number.NEGATIVE_INFINITY;
  #repeatedAt: number;

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#repeatedAt = options.clock.now();
  }

  get(podUid: string): PodStatus | undefined {
    return this.#entries.get(podUid)?.status;
  }

  set(pod: Pod, status: PodStatus): void {
    const { uid, resourceVersion } = pod.metadata;
    const revision = Number(resourceVersion);
    const entry = this.#entries.get(uid);
    if (entry === undefined) {
      this.#entries.set(uid, { pod, status, revision, sequence: ++this.#sequence, sent: 0, finished: false });
    } else {
      // The node lifecycle controller says of a silent node's pods that they are not ready: now they are again.
      const overruled = revision > entry.revision && readiness(pod.status) !== readiness(status);
      entry.pod = pod;
      if (!overruled && deepEqual(entry.status, status)) return;
      Object.assign(entry, { status, revision, sequence: ++this.#sequence });
    }
    this.#hurry();
  }

  finish(pod: Pod): void {
    const entry = this.#entries.get(pod.metadata.uid);
    if (entry === undefined) return;
    Object.assign(entry, { pod, finished: true, sequence: ++this.#sequence });
    this.#hurry();
  }

  remove(podUid: string): void {
    this.#entries.delete(podUid);
  }

  /** Sets the node's status and begins to tell it. */
  setNode(status: NodeStatus): void {
    this.#node = { status, sequence: ++this.#sequence, sent: 0 };
    this.#hurry();
  }

  /** Tells everything again: what was said may have been lost, or overruled. */
  repeat(): void {
    this.#repeatedAt = this.#options.clock.now();
    for (const entry of this.#entries.values()) entry.sequence = ++this.#sequence;
    this.#hurry();
  }

  /** Reports until it is stopped. Never rejects. */
  async run(): Promise<void> {
    const { clock, random, onError } = this.#options;
    const { signal } = this.#stopping;
    let delayMs = firstDelayMs;
    while (!signal.aborted) {
      await this.#pause();
      if (signal.aborted) return;
      if (clock.now() - this.#repeatedAt >= repeatMs) this.repeat();
      try {
        await this.#sendAll();
        delayMs = firstDelayMs;
      } catch (error) {
        onError(error);
        await clock.sleep(delayMs * (0.5 + random.number()), signal);
        delayMs = Math.min(delayMs * 2, maxDelayMs);
      }
    }
  }

  /** Tells what is not told yet, after `stop` too: an agent that ends may not come back soon. Rejects as the queue does. */
  async flush(): Promise<void> {
    const uid = this.#options.nodeUid();
    if (uid !== undefined) while (this.#hasNews()) await this.#send(uid);
  }

  stop(): void {
    this.#stopping.abort();
    this.#wake.abort();
  }

  #hurry(): void {
    this.#wake.abort();
  }

  /** Waits until there is something to say. */
  async #pause(): Promise<void> {
    const { clock } = this.#options;
    if (!this.#hasNews()) {
      this.#wake = new AbortController();
      await clock.sleep(Math.max(0, this.#beatAt + heartbeatMs - clock.now()), this.#wake.signal);
    }
    if (this.#hasNews()) await clock.sleep(gatherMs, this.#stopping.signal);
  }

  #hasNews(): boolean {
    if (this.#node && this.#node.sent < this.#node.sequence) return true;
    for (const { sent, sequence } of this.#entries.values()) if (sent < sequence) return true;
    return false;
  }

  async #sendAll(): Promise<void> {
    const { clock, nodeUid } = this.#options;
    const uid = nodeUid();
    if (uid === undefined) {
      this.#beatAt = clock.now();
      await clock.sleep(firstDelayMs, this.#stopping.signal);
      return;
    }
    do await this.#send(uid);
    while (this.#hasNews() && !this.#stopping.signal.aborted);
  }

  async #send(nodeUid: string): Promise<void> {
    const { queue, clock, cluster, node, epoch } = this.#options;
    const { items, sent } = this.#batch();
    const report: Report = { cluster, node, nodeUid, epoch, sequence: ++this.#sequence, items };
    await queue.send(JSON.stringify(report));
    this.#beatAt = clock.now();
    sent();
  }

  /** As much as goes into a message, a heartbeat always; `sent` notes that the queue has taken it. */
  #batch(): { items: ReportItem[]; sent: () => void } {
    const items: ReportItem[] = [{ kind: "heartbeat", at: this.#options.clock.now() }];
    const notes: (() => void)[] = [];
    let bytes = frameBytes;
    const add = (item: ReportItem, of: { sent: number; sequence: number }): boolean => {
      const { sequence } = of;
      const size = Buffer.byteLength(JSON.stringify(item)) + 1;
      if (frameBytes + size > maxReportBytes) {
        this.#options.onError(new Error(`a status of ${size} bytes is too large for the report queue`));
        of.sent = sequence;
        return true;
      }
      if (bytes + size > maxReportBytes || items.length === maxReportItems) return false;
      bytes += size;
      items.push(item);
      notes.push(() => {
        of.sent = Math.max(of.sent, sequence);
      });
      return true;
    };
    const node = this.#node;
    if (node && node.sent < node.sequence) {
      add({ kind: "nodeStatus", sequence: node.sequence, status: node.status }, node);
    }
    for (const entry of this.#entries.values()) {
      if (entry.sent < entry.sequence && !add(itemOf(entry), entry)) break;
    }
    const sent = () => {
      for (const note of notes) note();
    };
    return { items, sent };
  }
}

function itemOf({ pod, status, sequence, finished }: Entry): ReportItem {
  const { namespace, name, uid, deletionTimestamp } = pod.metadata;
  const ended = finished && deletionTimestamp !== undefined;
  return { kind: "podStatus", namespace, name, uid, sequence, status, ...(ended ? { finished: true } : {}) };
}

const readiness = (status: PodStatus | undefined) => status?.conditions?.find(({ type }) => type === "Ready")?.status;
