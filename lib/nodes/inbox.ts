/** A node's inbox: the queue through which it learns that there is something new to read. */

/** Set on a Node by its agent to `sqs`: it wants an inbox. */
export const transportAnnotation = "coracle.dev/transport";
/** Set on a Node by the control plane: the URL of its inbox. */
export const inboxAnnotation = "coracle.dev/inbox";

/** Something of a collection has changed up to the revision. How it is now, is read from the API. */
export interface Nudge {
  /** `group/resource`; of the core group `/pods`. */
  readonly collection: string;
  readonly revision: number;
  /** `namespace/name` of what has changed, where a node reads object by object; without: it may be any. */
  readonly keys?: readonly string[];
}

/** A nudge of a message, or undefined where it is none: whoever gets that reads everything. */
export function parseNudge(text: string): Nudge | undefined {
  try {
    const { collection, revision, keys } = JSON.parse(text) as Partial<Nudge>;
    if (typeof collection !== "string" || !collection.includes("/")) return undefined;
    if (!Number.isSafeInteger(revision)) return undefined;
    if (keys === undefined) return { collection, revision: revision as number };
    if (!Array.isArray(keys) || !keys.every((key) => typeof key === "string")) return undefined;
    return { collection, revision: revision as number, keys };
  } catch {
    return undefined;
  }
}

/** The inboxes of one cluster's nodes. Methods reject where the queues can't be reached: try again later. */
export interface InboxQueues {
  /** Makes the node's inbox unless it is there; gives its URL. */
  ensure(node: { readonly name: string; readonly uid: string }): Promise<string>;
  /** Whether the URL is that of the inbox of the Node with the uid, as far as can be seen by looking at it. */
  isInbox(url: string, nodeUid: string): boolean;
  /** Removes the inbox of the Node with the uid; fine where there is none. */
  remove(nodeUid: string): Promise<void>;
  /** The uids of the Nodes for which there are inboxes. */
  list(): Promise<string[]>;
}

/** Takes nudges to inboxes. */
export interface InboxSender {
  /** One message each. An inbox that is gone is no error. Rejects where the queues can't be reached: send all again. */
  send(nudges: readonly { readonly inbox: string; readonly nudge: Nudge }[]): Promise<void>;
}

/** A message of an inbox. `receipt` is good for deleting it once. */
export interface InboxMessage {
  readonly body: string;
  readonly receipt: string;
}

/** The inbox is not there: its Node was deleted. */
export class InboxGone extends Error {
  override name = "InboxGone";
}

/** The node may not read the inbox, or it is none: its policy is not there yet, or of other roles than today's. */
export class InboxRefused extends Error {
  override name = "InboxRefused";
}

/** The node's side of its inbox. Both methods reject with InboxGone, InboxRefused, or with what the queue failed with. */
export interface Inbox {
  /** Waits for messages up to some seconds; gives none then. What is not deleted comes again. */
  receive(signal: AbortSignal): Promise<InboxMessage[]>;
  delete(messages: readonly InboxMessage[]): Promise<void>;
}
