/** Which nodes must be told of which changes, so that none of them needs to watch. */
import { deepEqual } from "../apimachinery/equality.ts";
import type { KubeObject } from "../apimachinery/meta.ts";
import type { Informer, Informers } from "../client/informer.ts";
import type { Node, Pod } from "../openapi/types/core-v1.ts";
import { nodes as nodeResource, pods as podResource } from "../openapi/types/resources.ts";
import { type InboxSender, inboxAnnotation, type Nudge } from "./inbox.ts";
import { podReferences, type VertexType, vertex } from "./pod-references.ts";

/** A change, as the log has it. */
export interface NudgeEntry {
  /** `group/resource`; of the core group `/pods`. */
  readonly collection: string;
  /** `namespace/name` or `name`. */
  readonly key: string;
  readonly revision: number;
  /** The selectable fields after the change and before it. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly previousFields?: Readonly<Record<string, string>>;
  /** The object after the change and before it, where they are at hand. */
  readonly object?: KubeObject;
  readonly old?: KubeObject;
}

/** Tells nodes of changes. */
export interface NodeNudges {
  /** Asks for the copies that `changed` reads. Call it before the informers catch up for the first time. */
  prepare(informers: Informers): void;
  /**
   * Nudges the nodes that the changes matter to. The informers hold at least what was written before the changes.
   * Rejects where a queue can't be reached: call it again with the same entries, which does no harm.
   */
  changed(cluster: string, entries: readonly NudgeEntry[], informers: Informers): Promise<void>;
}

/** So many names at most go into a message: an inbox takes any number of changes. */
const maxKeys = 100;

const byNode = "inbox";
const byReference = "nodeReference";

/** What a change of a collection is to whom. */
const everybodyReads = new Set(["/services", "discovery.k8s.io/endpointslices"]);
const referred: ReadonlyMap<string, VertexType> = new Map([
  ["/configmaps", "configmap"],
  ["/secrets", "secret"],
]);

/** Nudges through the sender. */
export function createNodeNudges(sender: InboxSender): NodeNudges {
  return new Nudges(sender);
}

class Nudges implements NodeNudges {
  readonly #sender: InboxSender;

  constructor(sender: InboxSender) {
    this.#sender = sender;
  }

  prepare(informers: Informers): void {
    this.#nodes(informers);
    this.#pods(informers);
  }

  async changed(_cluster: string, entries: readonly NudgeEntry[], informers: Informers): Promise<void> {
    const nodes = this.#nodes(informers);
    const told = new Map<string, Map<string, Told>>();
    for (const entry of entries) {
      for (const node of this.#concerned(entry, informers)) {
        const inbox = nodes.get(node)?.metadata.annotations?.[inboxAnnotation];
        if (inbox === undefined) continue;
        const collections = told.get(inbox) ?? new Map<string, Told>();
        told.set(inbox, collections);
        const { collection, revision, key } = entry;
        const before = collections.get(collection) ?? { revision: 0, keys: new Set<string>() };
        collections.set(collection, { revision: Math.max(revision, before.revision), keys: before.keys.add(key) });
      }
    }
    const nudges: { inbox: string; nudge: Nudge }[] = [];
    for (const [inbox, collections] of told) {
      for (const [collection, one] of collections) nudges.push({ inbox, nudge: nudgeOf(collection, one) });
    }
    if (nudges.length > 0) await this.#sender.send(nudges);
  }

  #nodes(informers: Informers): Informer<Node> {
    const nodes = informers.get(nodeResource);
    nodes.addIndex(byNode, (node) => (node.metadata.annotations?.[inboxAnnotation] === undefined ? [] : ["yes"]));
    return nodes;
  }

  #pods(informers: Informers): Informer<Pod> {
    const pods = informers.get(podResource);
    pods.addIndex(byReference, (pod) => (pod.spec.nodeName ? podReferences(pod) : []));
    return pods;
  }

  /** Names of nodes. */
  *#concerned(entry: NudgeEntry, informers: Informers): Generator<string, void> {
    const { collection, key } = entry;
    if (collection === "/pods") yield* podNodes(entry, this.#pods(informers));
    else if (collection === "/nodes") {
      if (isNews(entry.object as Node | undefined, entry.old as Node | undefined)) yield key;
    } else if (everybodyReads.has(collection)) {
      for (const { metadata } of this.#nodes(informers).byIndex(byNode, "yes")) yield metadata.name;
    }
    const type = referred.get(collection);
    if (type === undefined) return;
    const slash = key.indexOf("/");
    const wanted = vertex(type, key.slice(0, slash), key.slice(slash + 1));
    for (const { spec } of this.#pods(informers).byIndex(byReference, wanted)) if (spec.nodeName) yield spec.nodeName;
  }
}

/** What an inbox is to be told of a collection. */
interface Told {
  readonly revision: number;
  readonly keys: Set<string>;
}

function nudgeOf(collection: string, { revision, keys }: Told): Nudge {
  const isNamed = referred.has(collection) && keys.size <= maxKeys;
  return { collection, revision, ...(isNamed ? { keys: [...keys] } : {}) };
}

/** The node that a pod is bound to, and the one it was bound to before. */
function podNodes({ key, fields, previousFields }: NudgeEntry, pods: Informer<Pod>): Set<string> {
  const found = new Set<string>();
  for (const name of [fields?.["spec.nodeName"], previousFields?.["spec.nodeName"]]) if (name) found.add(name);
  const known = fields === undefined ? pods.get(key)?.spec.nodeName : undefined;
  if (known) found.add(known);
  return found;
}

/** Whether a node's agent must know of a change of its Node. Heartbeats are left out: they are the node's own news. */
function isNews(object: Node | undefined, old: Node | undefined): boolean {
  if (object === undefined || old === undefined) return true;
  const look = ({ metadata, spec, status }: Node) => {
    const { resourceVersion: _, managedFields: __, ...rest } = metadata;
    return [rest, spec, status?.conditions?.map(({ type, status, reason }) => [type, status, reason])];
  };
  return !deepEqual(look(object), look(old));
}
