/**
 * Takes nodes' reports into the API. A report may come twice, late or after a later one: what is older than what was
 * brought before is dropped, and nothing older can overwrite it (see `newest.ts`).
 */
import { hasReason, isAlreadyExists, isConflict, isNotFound } from "../apimachinery/errors.ts";
import type { Client } from "../client/interface.ts";
import type { Node, Pod } from "../openapi/types/core-v1.ts";
import { nodes, pods } from "../openapi/types/resources.ts";
import type { NodeHealth, ReportPositions } from "./health.ts";
import { renewLease } from "./lease.ts";
import { writeNewest } from "./newest.ts";
import { nodeStatusPatch } from "./node-status.ts";
import { statusPatch } from "./pod-status.ts";
import {
  MalformedReport,
  type NodeStatusItem,
  type PodStatusItem,
  parseReport,
  type Report,
  type ReportItem,
} from "./reports.ts";
import type { Envelope, SenderCheck } from "./sender.ts";

/** A message of the report queue. */
export interface ReceivedReport extends Envelope {
  readonly body: string;
  /** When the queue took it, by the queue's clock (ms): the nodes' clocks may be wrong. */
  readonly sentAt: number;
  /** It was delivered before. */
  readonly isAgain?: boolean;
}

/** The cluster that a report is about. */
export interface ReportedCluster {
  /** Reads any Node and Pod. */
  readonly reader: Client;
  /** Writes as the node, so that the API server decides what that may. */
  writer(node: string): Client;
  readonly health: NodeHealth;
  readonly positions: ReportPositions;
}

/** What reports are taken in with. */
export interface ReportHandlerOptions {
  /** undefined: there is no such cluster. Rejects where it can't be reached. */
  cluster(name: string): Promise<ReportedCluster | undefined>;
  readonly isSentBy: SenderCheck;
  /** Told of what a node said that it may not say. Nothing of it is written. */
  onRefused(reason: string, node: string): void;
}

/** The Lease of a node that only sends heartbeats is renewed so often (ms). */
const leaseEveryMs = 300_000;
/** Pods of one report that are written at once. */
const parallel = 8;

/** A report is longer than there is time for it: the rest of it is taken in when it comes again. */
export class ReportNotDone extends Error {
  override name = "ReportNotDone";
}

/** A node said what it may not say. */
class Refused extends Error {
  override name = "Refused";
}

/**
 * Takes a message in. Resolves when it may be forgotten: its items are written, or stale, or of what is gone, or
 * refused. Rejects with MalformedReport, or with what the API or the table failed with: then the message is to come
 * again, which does no harm. No item is begun once `hasTime` says no; then it rejects with ReportNotDone, and what is
 * done is not done again.
 */
export async function handleReport(
  options: ReportHandlerOptions,
  message: ReceivedReport,
  hasTime: () => boolean = () => true,
): Promise<void> {
  const report = parseReport(message.body);
  const { node } = report;
  if (!options.isSentBy(message, node, message.body)) {
    options.onRefused("the report was not sent by the node that it names", node);
    return;
  }
  const cluster = await options.cluster(report.cluster);
  if (cluster === undefined) throw new MalformedReport("the report is of a cluster that is not served");
  const taken = message.isAgain ? await cluster.positions.taken(node, report) : 0;
  const waiting = report.items.slice(taken);
  const failures: unknown[] = [];
  const work = async () => {
    while (hasTime()) {
      const item = waiting.shift();
      if (item === undefined) return;
      try {
        await take(cluster, report, item, message.sentAt);
      } catch (error) {
        if (error instanceof Refused || hasReason(error, "Forbidden")) options.onRefused(error.message, node);
        else failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  if (failures.length > 0) throw failures[0];
  if (waiting.length === 0) return;
  await cluster.positions.noteTaken(node, report, report.items.length - waiting.length);
  throw new ReportNotDone(`${waiting.length} items of the report wait for its next delivery`);
}

function take(cluster: ReportedCluster, report: Report, item: ReportItem, sentAt: number): Promise<void> {
  if (item.kind === "heartbeat") return takeHeartbeat(cluster, report, sentAt);
  return item.kind === "nodeStatus"
    ? takeNodeStatus(cluster, report, item, sentAt)
    : takePodStatus(cluster, report, item);
}

async function takeHeartbeat(cluster: ReportedCluster, { node, nodeUid }: Report, sentAt: number): Promise<void> {
  const { health, writer } = cluster;
  const isDue = await health.heard({ node, uid: nodeUid, heardAt: sentAt }, leaseEveryMs);
  if (!isDue || (await readNode(cluster, node, nodeUid)) === undefined) return;
  const lease = { client: writer(node), clock: { now: () => sentAt }, nodeName: node, nodeUid: () => nodeUid };
  try {
    await renewLease(lease, undefined);
  } catch (error) {
    // Another report of the node has done it at the same moment.
    if (!isAlreadyExists(error) && !isConflict(error)) throw error;
  }
  await health.leaseRenewed(node, sentAt);
}

async function takeNodeStatus(
  cluster: ReportedCluster,
  { node, nodeUid, epoch }: Report,
  { sequence, status }: NodeStatusItem,
  sentAt: number,
): Promise<void> {
  await writeNewest<Node>({
    positions: cluster.positions,
    node,
    uid: nodeUid,
    position: { epoch, sequence },
    read: () => readNode(cluster, node, nodeUid),
    async write(stored) {
      const patch = nodeStatusPatch(status, stored.status ?? {}, sentAt);
      if (patch === undefined) return;
      const { uid, resourceVersion } = stored.metadata;
      const body = { metadata: { uid, resourceVersion }, status: patch };
      await cluster.writer(node).patch(nodes, { name: node }, "strategic", body, { subresource: "status" });
    },
  });
}

async function takePodStatus(
  cluster: ReportedCluster,
  { node, epoch }: Report,
  { namespace, name, uid, sequence, status, finished }: PodStatusItem,
): Promise<void> {
  const place = { namespace, name };
  const { positions, reader } = cluster;
  await writeNewest<Pod>({
    positions,
    node,
    uid,
    position: { epoch, sequence },
    async read() {
      const pod = await absentAs(reader.get(pods, place));
      if (pod?.metadata.uid !== uid) return undefined;
      if (pod.spec.nodeName === node) return pod;
      throw new Refused(`the pod ${namespace}/${name} is not bound to the node that reports its status`);
    },
    async write(pod) {
      const { resourceVersion } = pod.metadata;
      const body = { metadata: { uid, resourceVersion }, status: statusPatch(status, pod.status ?? {}) };
      const client = cluster.writer(node);
      await client.patch(pods, place, "strategic", body, { subresource: "status" });
      if (!finished || pod.metadata.deletionTimestamp === undefined) return;
      await client.delete(pods, place, { gracePeriodSeconds: 0, uid }).catch((error: unknown) => {
        if (!isNotFound(error) && !isConflict(error)) throw error;
      });
      await positions.remove(node, uid);
    },
  });
}

async function readNode({ reader }: ReportedCluster, name: string, uid: string): Promise<Node | undefined> {
  const node = await absentAs(reader.get(nodes, { name }));
  return node?.metadata.uid === uid ? node : undefined;
}

/** A refusal of the reader is no fault of the node's: the message has to come again. */
async function absentAs<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    if (!hasReason(error, "Forbidden")) throw error;
    throw new Error(`the taker of reports lacks a right: ${error.message}`, { cause: error });
  }
}
