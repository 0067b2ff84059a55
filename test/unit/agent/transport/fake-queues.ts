/** Queues in memory: an inbox that a test puts messages into, and a report queue that keeps what it takes. */
import type { Queues } from "../../../../agent/transport/sqs.ts";
import { type Inbox, InboxGone, type InboxMessage, type Nudge } from "../../../../lib/nodes/inbox.ts";
import { parseReport, type Report, type ReportItem } from "../../../../lib/nodes/reports.ts";

/** An inbox. `receive` waits until there is a message, or the test lets time pass. */
export class FakeInbox implements Inbox {
  readonly waiting: InboxMessage[] = [];
  readonly deleted: string[] = [];
  /** Set: each call fails with it. */
  failure: Error | undefined;
  /** Set: nothing is deleted, and what was received is not shown again for now. */
  failDelete: Error | undefined;
  receives = 0;
  #wake: (() => void)[] = [];

  nudge(nudge: Nudge | string): void {
    const body = typeof nudge === "string" ? nudge : JSON.stringify(nudge);
    this.waiting.push({ body, receipt: `r${this.waiting.length + this.deleted.length}` });
    this.endPoll();
  }

  /** A long poll ends without a message, or fails. */
  endPoll(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  async receive(signal: AbortSignal): Promise<InboxMessage[]> {
    this.receives++;
    if (this.failure) throw this.failure;
    if (this.waiting.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake.push(resolve);
        signal.addEventListener("abort", () => resolve());
      });
    }
    if (this.failure) throw this.failure;
    return this.waiting.slice(0, 10);
  }

  async delete(messages: readonly InboxMessage[]): Promise<void> {
    for (const message of messages) {
      this.waiting.splice(this.waiting.indexOf(message), 1);
      if (!this.failDelete) this.deleted.push(message.body);
    }
    if (this.failDelete && messages.length > 0) throw this.failDelete;
  }

  /** As if it were removed. */
  remove(): void {
    this.failure = new InboxGone("gone");
    this.endPoll();
  }
}

/** All queues of an agent. */
export class FakeQueues implements Queues {
  readonly bodies: string[] = [];
  readonly inboxes = new Map<string, FakeInbox>();
  /** Called before a report is taken; throws to refuse it, or waits. */
  beforeSend: (() => void | Promise<void>) | undefined;
  closed = false;

  readonly reports = {
    send: async (body: string) => {
      await this.beforeSend?.();
      this.bodies.push(body);
    },
  };

  inbox(url: string): FakeInbox {
    const found = this.inboxes.get(url) ?? new FakeInbox();
    this.inboxes.set(url, found);
    return found;
  }

  close(): void {
    this.closed = true;
  }

  get sent(): Report[] {
    return this.bodies.map(parseReport);
  }

  /** The items of all reports, without heartbeats. */
  get items(): ReportItem[] {
    return this.sent.flatMap(({ items }) => items).filter(({ kind }) => kind !== "heartbeat");
  }
}
