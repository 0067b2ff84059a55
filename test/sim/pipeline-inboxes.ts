/** The nodes' inboxes in virtual time: standard queues that are read by long polls. */
import { type Inbox, InboxGone, type InboxMessage, type Nudge } from "../../lib/nodes/inbox.ts";
import type { PipelineFaults } from "./pipeline-faults.ts";
import type { World } from "./store-world.ts";

interface Held {
  readonly body: string;
  visibleAt: number;
  receipt: string;
}

const visibilityMs = 60_000;
const longPollMs = 20_000;
const batchSize = 10;

/** All of them, by URL. */
export class SimulatedInboxes {
  readonly #world: World;
  readonly #faults: PipelineFaults;
  readonly #queues = new Map<string, Held[]>();
  readonly #waiting = new Map<string, Set<() => void>>();
  #serial = 0;

  constructor(world: World, faults: PipelineFaults) {
    this.#world = world;
    this.#faults = faults;
  }

  /** The URL of a Node's inbox. */
  url(nodeUid: string): string {
    return `https://sqs.test/inbox-${nodeUid}`;
  }

  ensure(nodeUid: string): string {
    const url = this.url(nodeUid);
    if (!this.#queues.has(url)) this.#queues.set(url, []);
    return url;
  }

  remove(nodeUid: string): void {
    const url = this.url(nodeUid);
    this.#queues.delete(url);
    this.#look(url);
  }

  uids(): string[] {
    return [...this.#queues.keys()].map((url) => url.slice(this.url("").length));
  }

  /** Takes a nudge; an inbox that is gone is no error. */
  send(url: string, nudge: Nudge): void {
    const queue = this.#queues.get(url);
    if (queue === undefined) return;
    const copies = this.#world.chance(this.#faults.repeated) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const lateMs = this.#world.chance(this.#faults.late) ? this.#world.random.number() * this.#faults.lateMs : 10;
      const visibleAt = this.#world.now() + lateMs * (copy + 1);
      queue.push({ body: JSON.stringify(nudge), visibleAt, receipt: "" });
      this.#world.after(visibleAt - this.#world.now() + 1, () => this.#look(url));
    }
  }

  /** What a long poll gives, at the latest when its time is over; undefined: the inbox is gone. */
  receive(url: string): Promise<InboxMessage[] | undefined> {
    return new Promise((resolve) => {
      const deadline = this.#world.now() + longPollMs;
      const waiting = this.#waiting.get(url) ?? new Set();
      this.#waiting.set(url, waiting);
      const look = () => {
        const queue = this.#queues.get(url);
        const messages = queue && this.#take(queue);
        if (messages?.length === 0 && this.#world.now() < deadline) return;
        waiting.delete(look);
        callOff();
        resolve(messages);
      };
      const callOff = this.#world.after(longPollMs, look);
      waiting.add(look);
      look();
    });
  }

  delete(url: string, receipts: ReadonlySet<string>): void {
    const queue = this.#queues.get(url);
    if (queue)
      this.#queues.set(
        url,
        queue.filter(({ receipt }) => !receipts.has(receipt)),
      );
  }

  #take(queue: readonly Held[]): InboxMessage[] {
    const now = this.#world.now();
    const messages = queue.filter(({ visibleAt }) => visibleAt <= now).slice(0, batchSize);
    for (const message of messages) {
      message.visibleAt = now + visibilityMs;
      message.receipt = `r${++this.#serial}`;
      this.#world.after(visibilityMs + 1, () => this.#lookAll());
    }
    return messages.map(({ body, receipt }) => ({ body, receipt }));
  }

  #lookAll(): void {
    for (const url of this.#waiting.keys()) this.#look(url);
  }

  #look(url: string): void {
    for (const look of [...(this.#waiting.get(url) ?? [])]) look();
  }
}

/** An inbox as an agent sees it; `request` carries the agent's calls. */
export function agentInbox(
  inboxes: SimulatedInboxes,
  url: string,
  request: <T>(serve: () => Promise<T> | T) => Promise<T>,
): Inbox {
  return {
    async receive() {
      const messages = await request(() => inboxes.receive(url));
      if (messages === undefined) throw new InboxGone("the inbox is gone");
      return messages;
    },
    async delete(messages) {
      if (messages.length === 0) return;
      await request(() => inboxes.delete(url, new Set(messages.map(({ receipt }) => receipt))));
    },
  };
}
