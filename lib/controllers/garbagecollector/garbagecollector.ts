/**
 * Deletes what has lost its owners, in the background or before them, or sets it free (upstream:
 * controller/garbagecollector).
 * Where upstream walks a graph of its own, this reconciles one object at a time: what its owners' and dependents' state
 * asks of it.
 */
import { deepEqual } from "../../apimachinery/equality.ts";
import { isNotFound } from "../../apimachinery/errors.ts";
import type { KubeObject, OwnerReference, Resource } from "../../apimachinery/meta.ts";
import type { Change, Controller, ControllerContext, Result } from "../controller.ts";
import {
  foregroundFinalizer,
  graphKey,
  isBlocking,
  isEndingWith,
  objectKey,
  orphanFinalizer,
  parseObjectKey,
} from "./object-key.ts";

/** Owners known to be gone. Their uids never come back. */
const absentLimit = 5000;
/** When to look again for an owner of a kind that is not served. */
const unknownKindMs = 60_000;

/** The controller; its keys name one object each. */
export function createGarbageCollector(context: ControllerContext): Controller {
  return new GarbageCollector(context);
}

interface References {
  readonly solid: OwnerReference[];
  readonly dangling: OwnerReference[];
  /** Their owners are being deleted in the foreground. */
  readonly waiting: OwnerReference[];
}

/** An owner of a kind that the server does not serve (now). */
class UnknownKind extends Error {
  override name = "UnknownKind";
}

class GarbageCollector implements Controller {
  readonly name = "garbage-collector-controller";
  readonly sources = [];
  readonly #context: ControllerContext;
  readonly #absent = new Set<string>();

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  async graphKeys(resource: Resource, { object, old }: Change): Promise<string[]> {
    if (object === undefined) {
      if (old === undefined) return [];
      const { uid, ownerReferences = [] } = old.metadata;
      return [...(await this.#dependentKeys(uid)), ...(await this.#waitingOwners(old, ownerReferences))];
    }
    const keys: string[] = [];
    const foreground = isEndingWith(object, foregroundFinalizer);
    if (foreground || isEndingWith(object, orphanFinalizer)) {
      keys.push(objectKey(resource, object));
      const began = old === undefined || !isEndingWith(old, foregroundFinalizer);
      if (foreground && began) keys.push(...(await this.#dependentKeys(object.metadata.uid)));
    } else if (await this.#isDoubtful(object, old)) {
      keys.push(objectKey(resource, object));
    }
    return [...keys, ...(await this.#waitingOwners(object, released(old, object)))];
  }

  async #dependentKeys(uid: string): Promise<string[]> {
    return (await this.#context.graph.dependents(uid)).map(graphKey);
  }

  /**
   * Whether one of an object's owners is not known, or is going and takes its dependents along. Only new references are
   * asked about: what happens to an owner later is a change of the owner.
   */
  async #isDoubtful(object: KubeObject, old: KubeObject | undefined): Promise<boolean> {
    const { namespace, deletionTimestamp, ownerReferences = [] } = object.metadata;
    if (deletionTimestamp !== undefined) return false;
    if (old !== undefined && deepEqual(ownerReferences, old.metadata.ownerReferences ?? [])) return false;
    for (const reference of ownerReferences) {
      const owner = await this.#context.graph.find(reference, namespace);
      if (owner === undefined || isEndingWith(owner.object, foregroundFinalizer)) return true;
    }
    return false;
  }

  /** Of the owners that these references of an object held up, those that wait to go. */
  async #waitingOwners({ metadata }: KubeObject, references: readonly OwnerReference[]): Promise<string[]> {
    const keys: string[] = [];
    for (const reference of references) {
      if (!isBlocking(reference)) continue;
      const owner = await this.#context.graph.find(reference, metadata.namespace);
      if (owner !== undefined && isEndingWith(owner.object, foregroundFinalizer)) keys.push(graphKey(owner));
    }
    return keys;
  }

  async reconcile(key: string): Promise<Result | undefined> {
    const { group, plural, uid, namespace, name } = parseObjectKey(key);
    const resource = await this.#context.graph.resource(group, plural);
    if (resource === undefined) return undefined;
    const object = await this.#live(resource, namespace, name);
    if (object?.metadata.uid !== uid) return undefined;
    if (isEndingWith(object, orphanFinalizer)) return this.#orphan(resource, object);
    if (isEndingWith(object, foregroundFinalizer)) return this.#finishForeground(resource, object);
    if (object.metadata.deletionTimestamp !== undefined) return undefined;
    const references = object.metadata.ownerReferences ?? [];
    if (references.length === 0) return undefined;
    try {
      await this.#collect(resource, object, references);
      return undefined;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      if (error instanceof UnknownKind) return { requeueAfterMs: unknownKindMs };
      throw error;
    }
  }

  async #live(resource: Resource, namespace: string, name: string): Promise<KubeObject | undefined> {
    try {
      return await this.#context.client.get(resource, place(resource, namespace, name));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Takes the owner's uid out of its dependents, then lets it go. */
  async #orphan(resource: Resource, owner: KubeObject): Promise<undefined> {
    const { uid } = owner.metadata;
    const dependents = await this.#context.graph.dependents(uid);
    await Promise.all(
      dependents.map(async (dependent) => {
        const { namespace = "", name } = dependent.object.metadata;
        // The live object: the graph may lag, and a list of owners is replaced as a whole.
        const object = await this.#live(dependent.resource, namespace, name);
        if (object?.metadata.uid !== dependent.object.metadata.uid) return;
        await this.#keepOwners(dependent.resource, object, (one) => one.uid !== uid);
      }),
    );
    await this.#removeFinalizer(resource, owner, orphanFinalizer);
  }

  /** Lets the object go when nothing holds it up any more; its dependents are keys of their own. */
  async #finishForeground(resource: Resource, owner: KubeObject): Promise<undefined> {
    const { uid } = owner.metadata;
    const dependents = await this.#context.graph.dependents(uid);
    const blocked = dependents.some(({ object }) =>
      object.metadata.ownerReferences?.some((one) => one.uid === uid && isBlocking(one)),
    );
    if (!blocked) await this.#removeFinalizer(resource, owner, foregroundFinalizer);
  }

  async #collect(resource: Resource, object: KubeObject, references: readonly OwnerReference[]): Promise<void> {
    const { solid, dangling, waiting } = await this.#classify(resource, object, references);
    if (solid.length > 0) {
      const gone = new Set([...dangling, ...waiting].map(({ uid }) => uid));
      if (gone.size > 0) await this.#keepOwners(resource, object, ({ uid }) => !gone.has(uid));
      return;
    }
    const { finalizers = [], uid } = object.metadata;
    const dependents = waiting.length > 0 ? await this.#context.graph.dependents(uid) : [];
    if (dependents.length > 0) {
      // Owners that wait for each other would wait for ever.
      const circular = dependents.some((dependent) => isEndingWith(dependent.object, foregroundFinalizer));
      const current = circular ? await this.#unblock(resource, object) : object;
      await this.#delete(resource, current, "Foreground");
      return;
    }
    if (finalizers.includes(orphanFinalizer)) await this.#delete(resource, object, "Orphan");
    else if (finalizers.includes(foregroundFinalizer)) await this.#delete(resource, object, "Foreground");
    else await this.#delete(resource, object, "Background");
  }

  async #classify(resource: Resource, object: KubeObject, references: readonly OwnerReference[]): Promise<References> {
    const result: References = { solid: [], dangling: [], waiting: [] };
    for (const reference of references) {
      const owner = await this.#owner(resource, object, reference);
      if (owner === undefined) result.dangling.push(reference);
      else if (isEndingWith(owner, foregroundFinalizer)) result.waiting.push(reference);
      else result.solid.push(reference);
    }
    return result;
  }

  /**
   * The owner, or undefined where it is certain that there is none: the graph may lag, so absence is confirmed live.
   */
  async #owner(resource: Resource, object: KubeObject, reference: OwnerReference): Promise<KubeObject | undefined> {
    const { uid, apiVersion, kind, name } = reference;
    // By all of the name: with another name or in another namespace the uid may be there.
    const identity = [object.metadata.namespace ?? "", apiVersion, kind, name, uid].join(" ");
    if (this.#absent.has(identity)) return undefined;
    const { graph } = this.#context;
    const ownerResource = await graph.resourceOf(apiVersion, kind);
    if (ownerResource === undefined) throw new UnknownKind(`no resource for ${kind} of ${apiVersion}`);
    const { namespace } = object.metadata;
    const known = await graph.find(reference, namespace);
    const fits =
      known?.resource.kind === kind &&
      known.object.metadata.name === name &&
      (!ownerResource.namespaced || known.object.metadata.namespace === namespace);
    if (known !== undefined && fits) return known.object;
    if (ownerResource.namespaced && !resource.namespaced) {
      // Nobody can tell which namespace is meant: what has such an owner is never collected.
      this.#warn(object, reference, "");
      return object;
    }
    const owner = await this.#live(ownerResource, namespace ?? "", name);
    if (owner?.metadata.uid === uid) return owner;
    // Elsewhere an object has that uid, so absence holds for this namespace only. A graph that looks at nothing but the
    // place that is named can't tell: there the Event is missing, since it is not worth a list of all owners of a kind.
    if (known === undefined) this.#remember(identity);
    else this.#warn(object, reference, namespace ?? "");
    return undefined;
  }

  #warn(object: KubeObject, { apiVersion, kind, name, uid }: OwnerReference, namespace: string): void {
    const reference = `[${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}]`;
    const message = `ownerRef ${reference} does not exist in namespace "${namespace}"`;
    this.#context.events.event(object, "Warning", "OwnerRefInvalidNamespace", message);
  }

  #remember(identity: string): void {
    this.#absent.add(identity);
    if (this.#absent.size <= absentLimit) return;
    for (const oldest of this.#absent) {
      this.#absent.delete(oldest);
      return;
    }
  }

  async #keepOwners(resource: Resource, object: KubeObject, keep: (one: OwnerReference) => boolean): Promise<void> {
    const { resourceVersion, ownerReferences = [] } = object.metadata;
    const kept = ownerReferences.filter(keep);
    if (kept.length === ownerReferences.length) return;
    await this.#patch(resource, object, { resourceVersion, ownerReferences: kept });
  }

  async #unblock(resource: Resource, object: KubeObject): Promise<KubeObject> {
    const { resourceVersion, ownerReferences = [] } = object.metadata;
    const unblocked = ownerReferences.map((one) => ({ ...one, blockOwnerDeletion: false }));
    return this.#patch(resource, object, { resourceVersion, ownerReferences: unblocked });
  }

  async #removeFinalizer(resource: Resource, object: KubeObject, finalizer: string): Promise<undefined> {
    const { resourceVersion, finalizers = [] } = object.metadata;
    const kept = finalizers.filter((one) => one !== finalizer);
    try {
      await this.#patch(resource, object, { resourceVersion, finalizers: kept });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /**
   * A merge patch on condition of the revision, because it replaces whole lists. Custom resources take no other kind.
   */
  #patch(resource: Resource, { metadata }: KubeObject, change: object): Promise<KubeObject> {
    const name = place(resource, metadata.namespace ?? "", metadata.name);
    return this.#context.client.patch(resource, name, "merge", { metadata: change });
  }

  async #delete(
    resource: Resource,
    { metadata }: KubeObject,
    propagationPolicy: "Background" | "Foreground" | "Orphan",
  ): Promise<void> {
    const { namespace = "", name, uid, resourceVersion } = metadata;
    // The revision too: an owner may have been added in the meantime.
    const options = { uid, resourceVersion, propagationPolicy };
    await this.#context.client.delete(resource, place(resource, namespace, name), options);
  }
}

function place(resource: Resource, namespace: string, name: string): { namespace?: string; name: string } {
  return resource.namespaced ? { namespace, name } : { name };
}

/** The references that are no longer there, or no longer block. */
function released(old: KubeObject | undefined, object: KubeObject): OwnerReference[] {
  const current = object.metadata.ownerReferences ?? [];
  const before = old?.metadata.ownerReferences ?? [];
  return before.filter(({ uid }) => !current.some((one) => one.uid === uid && isBlocking(one)));
}
