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

  constructor(context: ControllerContext, queues: InboxQueues) {
    this.#context = context;
    this.#queues = queues;
    context.informers.get(nodes);
  }

  async reconcile(key: string): Promise<void> {
    const [nodeName = "", uid = ""] = key.split("/");
    const node = this.#context.informers.get(nodes).get(nodeName);
    if (node?.metadata.uid !== uid) return this.#queues.remove(uid);
    const url = node.metadata.annotations?.[inboxAnnotation];
    if (wantsInbox(node)) {
      // An agent whose inbox turns out not to be there takes the annotation away.
      if (url === undefined) await this.#annotate(node, await this.#queues.ensure({ name: nodeName, uid }));
    } else if (url !== undefined) {
      await this.#queues.remove(uid);
      await this.#annotate(node, null);
    }
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

/**
 * Removes inboxes of Nodes that are gone, which a lost wake-up or a late writer left. `nodeUids` gives those there are;
 * it is asked after the queues, so that no inbox of a new Node is taken for an orphan.
 */
export async function sweepInboxes(queues: InboxQueues, nodeUids: () => Promise<ReadonlySet<string>>): Promise<void> {
  const found = await queues.list();
  if (found.length === 0) return;
  const living = await nodeUids();
  for (const uid of found) if (!living.has(uid)) await queues.remove(uid);
}
