/** Gives each node that wants one an inbox, and takes it away when the Node is gone. For compositions with queues. */
import { isConflict, isNotFound } from "../apimachinery/errors.ts";
import { type InboxQueues, inboxAnnotation, transportAnnotation } from "../nodes/inbox.ts";
import type { Node } from "../openapi/types/core-v1.ts";
import { nodes } from "../openapi/types/resources.ts";
import {
  type Change,
  type Controller,
  type ControllerContext,
  type ControllerEntry,
  type ControllerFactory,
  source,
} from "./controller.ts";

const name = "node-inbox-controller";
/** Orphans cost nothing but a name: they are looked for when there is something else to do, and so often at most (ms). */
const sweepMs = 600_000;

/** The controller; its keys are `NAME/UID`, since an inbox is that of one Node and not of the next of its name. */
export function createNodeInboxController(queues: InboxQueues): ControllerFactory {
  return (context) => new NodeInboxController(context, queues);
}

/** The controller as an entry of a list. */
export function nodeInboxEntry(queues: InboxQueues): ControllerEntry {
  return { name, create: createNodeInboxController(queues) };
}

class NodeInboxController implements Controller {
  readonly name = name;
  readonly sources = [source(nodes, keysOf)];
  readonly #context: ControllerContext;
  readonly #queues: InboxQueues;
  /** When this process last looked for inboxes of Nodes that are gone. */
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(context: ControllerContext, queues: InboxQueues) {
    this.#context = context;
    this.#queues = queues;
    context.informers.get(nodes);
  }

  async reconcile(key: string): Promise<void> {
    await this.#sweep();
    const [nodeName = "", uid = ""] = key.split("/");
    const node = this.#context.informers.get(nodes).get(nodeName);
    if (node?.metadata.uid !== uid) return this.#queues.remove(uid);
    const url = node.metadata.annotations?.[inboxAnnotation];
    if (wantsInbox(node)) {
      // An agent whose inbox turns out not to be there takes the annotation away. Somebody may have written another one.
      if (url === undefined || !this.#queues.isInbox(url, uid))
        await this.#annotate(node, await this.#queues.ensure({ name: nodeName, uid }));
    } else if (url !== undefined) {
      await this.#queues.remove(uid);
      await this.#annotate(node, null);
    }
  }

  /** A lost wake-up or a late writer may have left an inbox without its Node. */
  async #sweep(): Promise<void> {
    const { client, clock, informers } = this.#context;
    if (clock.now() - this.#sweptAt < sweepMs) return;
    this.#sweptAt = clock.now();
    const known = new Set(
      informers
        .get(nodes)
        .list()
        .map(({ metadata }) => metadata.uid),
    );
    const unknown = (await this.#queues.list()).filter((uid) => !known.has(uid));
    if (unknown.length === 0) return;
    // Asked after the queues were: an inbox is never older than its Node, but may be newer than the copy.
    const { items } = await client.list(nodes);
    const living = new Set(items.map(({ metadata }) => metadata.uid));
    for (const uid of unknown) if (!living.has(uid)) await this.#queues.remove(uid);
  }

  async #annotate({ metadata: { name: nodeName, uid } }: Node, url: string | null): Promise<void> {
    const patch = { metadata: { uid, annotations: { [inboxAnnotation]: url } } };
    try {
      await this.#context.client.patch(nodes, { name: nodeName }, "merge", patch);
    } catch (error) {
      // Deleted meanwhile, perhaps made again: whoever tells of that calls for this key, too.
      if (!isNotFound(error) && !isConflict(error)) throw error;
      await this.#queues.remove(uid);
    }
  }
}

const wantsInbox = ({ metadata }: Node) => metadata.annotations?.[transportAnnotation] === "sqs";
const keyOf = ({ metadata }: Node) => `${metadata.name}/${metadata.uid}`;

/** A Node changes often (its status): that is no reason to look at its inbox. */
function* keysOf({ object, old }: Change<Node>): Generator<string, void> {
  const annotations = (node: Node | undefined) =>
    [transportAnnotation, inboxAnnotation].map((key) => node?.metadata.annotations?.[key]).join(" ");
  const isSame = object?.metadata.uid === old?.metadata.uid;
  if (isSame && annotations(object) === annotations(old)) return;
  if (old && !isSame) yield keyOf(old);
  if (object) yield keyOf(object);
}
