/** What λ node-reports does: nodes' reports go into the API, each message on its own. */
import { type Clock, systemClock } from "../../lib/apimachinery/clock.ts";
import { controllerUser } from "../../lib/apiserver/authentication/control-plane-users.ts";
import { allAuthenticated, nodesGroup } from "../../lib/apiserver/authentication/groups.ts";
import type { Table } from "../../lib/aws/dynamodb/table.ts";
import { createNodeHealth } from "../../lib/aws/nodes/health.ts";
import { createReportPositions } from "../../lib/aws/nodes/positions.ts";
import { type BatchResponse, batchResponse, type SqsEvent, type SqsRecord } from "../../lib/aws/sqs/event.ts";
import { handleReport, type ReportedCluster, type ReportHandlerOptions } from "../../lib/nodes/report-handler.ts";
import { type SenderCheck, sentByInstance, signatureAttribute, signedByNode } from "../../lib/nodes/sender.ts";
import { type Clusters, UnknownCluster } from "./cluster.ts";
import { type Environment, required } from "./environment.ts";
import { inTime } from "./in-time.ts";
import { logError } from "./log.ts";

/** What it works with. */
export interface ReportTakerOptions {
  readonly clusters: Clusters;
  readonly table: Table;
  readonly isSentBy: SenderCheck;
  readonly clock?: Clock;
}

/** Nothing begins in the last so many ms of an invocation, and what is not done in the last of these is given back. */
const reserveMs = 10_000;
const answerMs = 2_000;

/** How it is checked who sent a report. Throws BadEnvironment. */
export function senderCheckOf(environment: Environment): SenderCheck {
  if (!environment.trustsReportSenderField) return sentByInstance;
  return signedByNode(required(environment, "reportSenderKey"));
}

/** The user of a node. */
const nodeUser = (node: string) => ({ username: `system:node:${node}`, groups: [nodesGroup, allAuthenticated] });

/** One process's taker of reports. */
export class ReportTaker {
  readonly #options: ReportTakerOptions;
  readonly #handling: ReportHandlerOptions;
  readonly #clock: Clock;
  readonly #opened = new Map<string, ReportedCluster>();

  constructor(options: ReportTakerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#handling = {
      cluster: (name) => this.#cluster(name),
      isSentBy: options.isSentBy,
      onRefused: (reason, node) => logError(new Error(reason), `the report of node ${JSON.stringify(node)}`),
    };
  }

  /**
   * Works on a batch of messages; `remainingMs` is how long the invocation may still last. What failed is delivered
   * again, and in the end to the dead letters.
   */
  async run({ Records }: SqsEvent, remainingMs: number): Promise<BatchResponse> {
    const end = this.#clock.now() + remainingMs;
    const outcomes = await Promise.all(Records.map((record) => this.#take(record, end)));
    return batchResponse(outcomes.filter((failed) => failed !== undefined));
  }

  /** The message's id where it failed. */
  async #take(record: SqsRecord, end: number): Promise<string | undefined> {
    const { messageId, body, attributes, messageAttributes } = record;
    const signature = messageAttributes?.[signatureAttribute]?.stringValue;
    const message = {
      body,
      senderId: attributes.SenderId ?? "",
      sentAt: Number(attributes.SentTimestamp),
      isAgain: Number(attributes.ApproximateReceiveCount ?? 1) > 1,
      ...(signature === undefined ? {} : { signature }),
    };
    const hasTime = () => this.#clock.now() < end - reserveMs;
    try {
      await inTime(this.#clock, end - answerMs, handleReport(this.#handling, message, hasTime));
      return undefined;
    } catch (error) {
      logError(error, `report ${messageId}`);
      return messageId;
    }
  }

  async #cluster(name: string): Promise<ReportedCluster | undefined> {
    const known = this.#opened.get(name);
    if (known !== undefined) return known;
    try {
      const cluster = await this.#options.clusters.get(name);
      const { table } = this.#options;
      const opened = {
        // It may read all pods and nodes, and is who looks after nodes anyway.
        reader: cluster.client(controllerUser("node-lifecycle-controller"), "node-reports"),
        writer: (node: string) => cluster.client(nodeUser(node), "node-reports"),
        health: createNodeHealth(table, name),
        positions: createReportPositions(table, name, cluster.clock),
      };
      this.#opened.set(name, opened);
      return opened;
    } catch (error) {
      if (error instanceof UnknownCluster) return undefined;
      throw error;
    }
  }
}
