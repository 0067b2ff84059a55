/**
 * The transport through queues: nothing is held open but one long poll. An inbox says what to read by HTTPS; a report
 * queue takes heartbeats and statuses.
 */

import type { Clock, Random } from "../../lib/apimachinery/clock.ts";
import { isNotFound } from "../../lib/apimachinery/errors.ts";
import type { Resource } from "../../lib/apimachinery/meta.ts";
import { createCatchUpInformers } from "../../lib/client/catch-up-informers.ts";
import type { Informers } from "../../lib/client/informer.ts";
import type { Client } from "../../lib/client/interface.ts";
import { type Inbox, inboxAnnotation, transportAnnotation } from "../../lib/nodes/inbox.ts";
import type { ReportQueue } from "../../lib/nodes/reports.ts";
import type { Node, NodeStatus } from "../../lib/openapi/types/core-v1.ts";
import { configmaps, endpointslices, nodes, pods, secrets, services } from "../../lib/openapi/types/resources.ts";
import { conditionOf } from "../node/node-status.ts";
import { CatchUps } from "./catch-ups.ts";
import { InboxReader } from "./inbox-reader.ts";
import { NudgedCopies, NudgedInformers } from "./nudged-informers.ts";
import { Reporter } from "./reporter.ts";
import type { NodePlace, Transport } from "./transport.ts";
import { collectionOf } from "./wants.ts";

/** The queues as an agent sees them. */
export interface Queues {
  readonly reports: ReportQueue;
  inbox(url: string): Inbox;
  close(): void;
}

/** What it is made with. */
export interface SqsTransportOptions {
  readonly client: Client & { close(): void };
  readonly queues: Queues;
  readonly clock: Clock;
  readonly random: Random;
  readonly cluster: string;
  readonly nodeName: string;
  /** See `epoch.ts`. */
  readonly epoch: number;
  readonly log: (message: string, error?: unknown) => void;
}

/** What is read is there, so that it comes at once; a connection may die without a word. */
const readTimeoutMs = 60_000;
/** The report queue gives up what the API does not take for a few minutes: after so long all is said again (ms). */
const lostReportsMs = 120_000;
/** What is not told yet may hold up the agent's end for so long (ms). */
const lastWordsMs = 5_000;
const firstDelayMs = 1000;
const maxDelayMs = 30_000;
const resources: readonly Resource[] = [pods, services, endpointslices, nodes, configmaps, secrets];

/** The transport. Closes client and queues when it stops. */
export class SqsTransport implements Transport {
  readonly client: Client;
  readonly informers: Informers;
  readonly copies: NudgedCopies;
  readonly statuses: Reporter;
  readonly nodeAnnotations = { [transportAnnotation]: "sqs" };
  readonly #options: SqsTransportOptions;
  readonly #stopping = new AbortController();
  readonly #catchUps: CatchUps;
  readonly #reader: InboxReader;
  #place: NodePlace | undefined;

  constructor(options: SqsTransportOptions) {
    const { client, clock, random, queues, cluster, nodeName, epoch, log } = options;
    this.#options = options;
    this.client = client;
    const failed = (what: string) => (error: unknown) => log(`${what}: ${(error as Error).message}`, error);
    const informers = createCatchUpInformers({
      client,
      readTimeoutMs,
      onError: failed("a change can't be handled"),
    });
    const copies = new NudgedCopies(client, readTimeoutMs, (some) => void this.#catchUps.need(some));
    this.#catchUps = new CatchUps({
      clock,
      random,
      read: async (wants) => {
        await Promise.all([informers.catchUp(wants?.map(({ resource }) => resource)), copies.catchUp(wants)]);
      },
      onError: failed("the API server can't be read"),
      onBack: (awayMs) => {
        if (awayMs >= lostReportsMs) this.statuses.repeat();
      },
    });
    const nudged = new NudgedInformers(informers, this.#catchUps);
    this.informers = nudged;
    this.copies = copies;
    this.statuses = new Reporter({
      queue: queues.reports,
      clock,
      random,
      cluster,
      node: nodeName,
      nodeUid: () => this.#place?.node?.metadata.uid,
      epoch,
      onError: failed("the node's report can't be sent"),
    });
    this.#reader = new InboxReader({
      clock,
      random,
      resources: new Map(resources.map((one) => [collectionOf(one), one])),
      need: (some) => this.#catchUps.need(some),
      isRead: (want, revision) => nudged.isRead(want.resource, revision) && copies.isRead(want, revision),
      onError: failed("the node's inbox can't be read"),
    });
  }

  async reportNode(node: Node, status: NodeStatus): Promise<Node> {
    this.statuses.setNode(status);
    return { ...node, status: { ...node.status, ...status } };
  }

  start(place: NodePlace): void {
    this.#place = place;
    const own = this.informers.get(nodes, { fieldSelector: `metadata.name=${this.#options.nodeName}` });
    own.onChange((change) => {
      // The control plane has not heard of this node for long: what it was told meanwhile may have been lost.
      if (conditionOf(change.object, "Ready")?.status === "Unknown") this.statuses.repeat();
      place.seen(change);
    });
    void this.statuses.run();
    void this.#listen(place);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#catchUps.stop();
    this.statuses.stop();
    await this.#lastWords();
    await this.informers.stop();
    this.copies.stop();
    this.#options.queues.close();
    this.#options.client.close();
  }

  /** Pods run on, and their statuses would be stale until an agent is back. */
  async #lastWords(): Promise<void> {
    const { clock, log } = this.#options;
    const told = new AbortController();
    const telling = this.statuses
      .flush()
      .catch((error: Error) => log(`the last statuses can't be sent: ${error.message}`, error))
      .finally(() => told.abort());
    await Promise.race([telling, clock.sleep(lastWordsMs, told.signal)]);
  }

  async #listen(place: NodePlace): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const url = await this.#inboxUrl(place);
      if (url === undefined) return;
      if (!(await this.#reader.run(this.#options.queues.inbox(url), signal))) await this.#askForInbox(place, url);
    }
  }

  /** The control plane makes the inbox soon after the Node is there. Nothing can nudge before: the Node is asked. */
  async #inboxUrl(place: NodePlace): Promise<string | undefined> {
    const { client, clock, random, nodeName, log } = this.#options;
    const { signal } = this.#stopping;
    for (let delayMs = firstDelayMs; !signal.aborted; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
      const url = place.node?.metadata.annotations?.[inboxAnnotation];
      if (url !== undefined) return url;
      await clock.sleep(delayMs * (0.5 + random.number()), signal);
      if (signal.aborted) break;
      try {
        const node = await client.get(nodes, { name: nodeName });
        const { uid, annotations } = node.metadata;
        const isAsked = annotations?.[transportAnnotation] === this.nodeAnnotations[transportAnnotation];
        // Somebody may have taken away what asks for an inbox.
        const patch = { metadata: { uid, annotations: this.nodeAnnotations } };
        place.seen({ object: isAsked ? node : await client.patch(nodes, { name: nodeName }, "merge", patch) });
      } catch (error) {
        if (isNotFound(error)) place.seen({ old: place.node });
        else log(`the node's inbox is not known yet: ${(error as Error).message}`, error);
      }
    }
    return undefined;
  }

  /** The inbox is gone: with its Node, or by mistake. Taking its address off the Node has a new one made. */
  async #askForInbox(place: NodePlace, url: string): Promise<void> {
    const { client, clock, random, nodeName, log } = this.#options;
    const { signal } = this.#stopping;
    for (let delayMs = firstDelayMs; !signal.aborted; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
      try {
        const node = await client.get(nodes, { name: nodeName });
        const { uid, annotations } = node.metadata;
        const patch = { metadata: { uid, annotations: { [inboxAnnotation]: null } } };
        const isOld = annotations?.[inboxAnnotation] === url;
        place.seen({ object: isOld ? await client.patch(nodes, { name: nodeName }, "merge", patch) : node });
        return;
      } catch (error) {
        if (isNotFound(error)) return place.seen({ old: place.node });
        log(`no new inbox can be asked for: ${(error as Error).message}`, error);
        await clock.sleep(delayMs * (0.5 + random.number()), signal);
      }
    }
  }
}
