/**
 * Adopts orphans that match a selector and releases what no longer does (upstream:
 * controller/controller_ref_manager.go).
 */
import { hasReason, isNotFound } from "../apimachinery/errors.ts";
import type { Selector } from "../apimachinery/labels.ts";
import { controllerOf, type KubeObject, type Resource } from "../apimachinery/meta.ts";
import type { Client } from "../client/interface.ts";
import { newControllerRef } from "./owned.ts";

/** Who claims what. */
export interface Claim<O extends KubeObject, T extends KubeObject> {
  readonly client: Client;
  readonly owner: O;
  readonly ownerResource: Resource<O>;
  readonly resource: Resource<T>;
  readonly selector: Selector;
  /** Put on what is adopted, taken off what is released. */
  readonly finalizers?: readonly string[];
  /** Told of every object that was changed, as the server answered. */
  readonly onWrite?: (object: T) => void;
}

/**
 * Those of the objects that the owner controls now. Throws the first error after all have been looked at; an object
 * that is
 * gone is no error.
 */
export async function claimObjects<O extends KubeObject, T extends KubeObject>(
  claim: Claim<O, T>,
  objects: readonly T[],
): Promise<T[]> {
  const claimed: T[] = [];
  const errors: unknown[] = [];
  let mayAdopt: Promise<void> | undefined;
  const canAdopt = () => {
    mayAdopt ??= confirmAlive(claim);
    return mayAdopt;
  };
  for (const object of objects) {
    try {
      if (await claimOne(claim, object, canAdopt)) claimed.push(object);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
  return claimed;
}

async function claimOne<O extends KubeObject, T extends KubeObject>(
  claim: Claim<O, T>,
  object: T,
  canAdopt: () => Promise<void>,
): Promise<boolean> {
  const { owner, selector } = claim;
  const matches = selector.matches(object.metadata.labels ?? {});
  const controller = controllerOf(object);
  const ending = owner.metadata.deletionTimestamp !== undefined;
  if (controller !== undefined) {
    if (controller.uid !== owner.metadata.uid) return false;
    if (matches) return true;
    if (!ending) await release(claim, object);
    return false;
  }
  if (ending || !matches || object.metadata.deletionTimestamp !== undefined) return false;
  await canAdopt();
  return adopt(claim, object);
}

/** An informer may not know yet that the owner is being deleted; then what it would adopt is someone else's. */
async function confirmAlive<O extends KubeObject, T extends KubeObject>(claim: Claim<O, T>): Promise<void> {
  const { client, owner, ownerResource } = claim;
  const { namespace, name, uid } = owner.metadata;
  const fresh = await client.get(ownerResource, { ...(namespace === undefined ? {} : { namespace }), name });
  const what = `${ownerResource.kind} ${namespace}/${name}`;
  if (fresh.metadata.uid !== uid)
    throw new Error(`original ${what} is gone: got uid ${fresh.metadata.uid}, wanted ${uid}`);
  if (fresh.metadata.deletionTimestamp !== undefined)
    throw new Error(`${what} has just been deleted at ${fresh.metadata.deletionTimestamp}`);
}

async function adopt<O extends KubeObject, T extends KubeObject>(claim: Claim<O, T>, object: T): Promise<boolean> {
  const { client, owner, ownerResource, resource, finalizers = [], onWrite } = claim;
  const metadata = {
    uid: object.metadata.uid,
    ownerReferences: [newControllerRef(ownerResource, owner)],
    ...(finalizers.length === 0 ? {} : { finalizers }),
  };
  try {
    const written = await client.patch(resource, object.metadata, "strategic", { metadata });
    onWrite?.(written);
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

async function release<O extends KubeObject, T extends KubeObject>(claim: Claim<O, T>, object: T): Promise<void> {
  const { client, owner, resource, finalizers = [], onWrite } = claim;
  const metadata = {
    uid: object.metadata.uid,
    ownerReferences: [{ $patch: "delete", uid: owner.metadata.uid }],
    ...(finalizers.length === 0 ? {} : { "$deleteFromPrimitiveList/finalizers": finalizers }),
  };
  try {
    const written = await client.patch(resource, object.metadata, "strategic", { metadata });
    onWrite?.(written);
  } catch (error) {
    // Invalid: the owner is not among the references (another release came first), or the uid is another one's.
    if (!isNotFound(error) && !hasReason(error, "Invalid")) throw error;
  }
}
