/**
 * What a node tells the control plane through the report queue. A message is one report; it may arrive twice, late or
 * after a later one, so that each item says by itself all that there is to say.
 */
import type { NodeStatus, PodStatus } from "../openapi/types/core-v1.ts";

/** SQS takes so many bytes a message; this leaves room for what is added on the way. */
export const maxReportBytes = 256_000;
/** So many items are taken in within seconds; a node with more to say sends several reports. */
export const maxReportItems = 100;
/** No agent sends what is longer than this, though emulators may space it anew. In characters. */
const longestReport = 2 * maxReportBytes;

/** The node lives. */
export interface HeartbeatItem {
  readonly kind: "heartbeat";
  /** The node's own clock (ms), for who looks into a queue: what counts is when SQS took the message. */
  readonly at: number;
}

/** How the node is: the whole status. */
export interface NodeStatusItem {
  readonly kind: "nodeStatus";
  /** Grows with each status of the node within an epoch. */
  readonly sequence: number;
  readonly status: NodeStatus;
}

/** How a pod of the node is: the whole status. */
export interface PodStatusItem {
  readonly kind: "podStatus";
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Grows with each status of the pod within an epoch. */
  readonly sequence: number;
  readonly status: PodStatus;
  /** Nothing of the pod is left on the node: where it is being deleted, it may go. */
  readonly finished?: boolean;
}

/** A piece of a report. */
export type ReportItem = HeartbeatItem | NodeStatusItem | PodStatusItem;

/** One message of a node. */
export interface Report {
  readonly cluster: string;
  readonly node: string;
  readonly nodeUid: string;
  /** When the agent started, by the node's clock (ms), and later than any epoch it had before. */
  readonly epoch: number;
  /** Grows with each report of an epoch. */
  readonly sequence: number;
  readonly items: readonly ReportItem[];
}

/** A message that is no report: who sends it again sends the same nonsense. */
export class MalformedReport extends Error {
  override name = "MalformedReport";
}

/** Reads a message. Throws MalformedReport. The statuses' insides are for the API server to judge. */
export function parseReport(text: string): Report {
  if (text.length > longestReport) throw new MalformedReport("the report is too long");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new MalformedReport("the report is no JSON");
  }
  const report = objectOf(value, "the report");
  for (const field of ["cluster", "node", "nodeUid"]) textOf(report, field, "the report");
  for (const field of ["epoch", "sequence"]) integerOf(report, field, "the report");
  if (!Array.isArray(report.items)) throw new MalformedReport("the report's items are no list");
  if (report.items.length > maxReportItems) throw new MalformedReport("the report has too many items");
  report.items.forEach(checkItem);
  return report as unknown as Report;
}

type Fields = Readonly<Record<string, unknown>>;

function checkItem(value: unknown, index: number): void {
  const what = `item ${index} of the report`;
  const item = objectOf(value, what);
  if (item.kind === "heartbeat") return;
  if (item.kind !== "nodeStatus" && item.kind !== "podStatus") {
    throw new MalformedReport(`${what} has the unknown kind ${JSON.stringify(item.kind)}`);
  }
  integerOf(item, "sequence", what);
  objectOf(item.status, `the status of ${what}`);
  if (item.kind === "nodeStatus") return;
  for (const field of ["namespace", "name", "uid"]) textOf(item, field, what);
  if (item.finished !== undefined && typeof item.finished !== "boolean") {
    throw new MalformedReport(`finished of ${what} is no boolean`);
  }
}

function objectOf(value: unknown, what: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw new MalformedReport(`${what} is no object`);
}

function textOf(fields: Fields, field: string, what: string): void {
  if (typeof fields[field] === "string" && fields[field] !== "") return;
  throw new MalformedReport(`${field} of ${what} is no text`);
}

function integerOf(fields: Fields, field: string, what: string): void {
  if (Number.isSafeInteger(fields[field]) && (fields[field] as number) >= 0) return;
  throw new MalformedReport(`${field} of ${what} is no whole number`);
}

/** The node's side of the report queue. */
export interface ReportQueue {
  /** Takes a report's text. Rejects where it can't be known to be taken: send it, or a later one, again. */
  send(body: string): Promise<void>;
}
