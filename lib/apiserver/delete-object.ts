/** Deletion of one object: preconditions, grace, finalizers, propagation (upstream: registry/rest/delete.go, generic/registry/store.go). */
import { timeText } from "../apimachinery/clock.ts";
import { newConflict, newNotFound, optimisticLockMessage } from "../apimachinery/errors.ts";
import type { AnyObject } from "../apimachinery/meta.ts";
import type { DeleteOptions } from "../registry/strategy.ts";
import { KeyNotFound, RevisionConflict } from "../storage/interface.ts";
import { type Endpoint, storageKey, storedForm } from "./endpoint.ts";
import type { ResourceStore, WriteContext } from "./resource-store.ts";
import { translate } from "./storage-errors.ts";
import { storedValue } from "./stored-value.ts";

/** What has become of the object. `gone`: it is no more (or never, in a dry run, would have been). */
export interface Deleted {
  readonly gone: boolean;
  readonly object: AnyObject;
}

const orphanFinalizer = "orphan";
const foregroundFinalizer = "foregroundDeletion";
const maxRetries = 10;

/** Throws 404, 409 and what admission throws. */
export async function deleteObject(
  store: ResourceStore,
  endpoint: Endpoint,
  namespace: string,
  name: string,
  options: DeleteOptions,
  context: WriteContext,
): Promise<Deleted> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await deleteOnce(store, endpoint, namespace, name, options, context);
    } catch (error) {
      if (error instanceof RevisionConflict || error instanceof KeyNotFound) {
        if (attempt < maxRetries) continue;
        throw newConflict(endpoint.gr, name, optimisticLockMessage);
      }
      throw translate(error, endpoint.gr, name);
    }
  }
}

async function deleteOnce(
  { store }: ResourceStore,
  endpoint: Endpoint,
  namespace: string,
  name: string,
  given: DeleteOptions,
  context: WriteContext,
): Promise<Deleted> {
  const { collection, strategy } = endpoint;
  const key = storageKey(namespace, name);
  const stored = await store.get(collection, key);
  if (!stored) throw newNotFound(endpoint.gr, name);
  const old: AnyObject = JSON.parse(stored.text);
  checkPreconditions(endpoint, old, given);
  await context.admission?.admit(endpoint, "DELETE", "", undefined, old, context);
  await context.admission?.validate(endpoint, "DELETE", "", undefined, old, context);
  const options = { ...given };
  if ((options.gracePeriodSeconds ?? 0) < 0) options.gracePeriodSeconds = 1;
  const object: AnyObject = structuredClone(old);
  const grace = applyGrace(endpoint, object, options, context);
  const finalizers = finalizersFor(endpoint, object, options);
  if (finalizers.length > 0) object.metadata.finalizers = finalizers;
  else delete object.metadata.finalizers;
  const kept = finalizers.length > 0 || grace === "wait" || strategy.blocksDeletion?.(object) === true;
  if (kept) markDeleted(endpoint, object, grace, context);
  const canonical = storedForm(endpoint, object);
  const value = storedValue(endpoint, canonical);
  if (!kept) {
    if (!context.dryRun) {
      const revision = await store.delete(collection, key, stored.revision, value);
      canonical.metadata.resourceVersion = String(revision);
      await strategy.afterDelete?.(canonical, context.strategyContext);
    } else canonical.metadata.resourceVersion = String(stored.revision);
    return { gone: true, object: canonical };
  }
  canonical.metadata.resourceVersion = String(stored.revision);
  if (value.text(stored.revision) === stored.text || context.dryRun) return { gone: false, object: canonical };
  canonical.metadata.resourceVersion = String(await store.update(collection, key, stored.revision, value));
  return { gone: false, object: canonical };
}

function checkPreconditions({ gvk }: Endpoint, { metadata }: AnyObject, { preconditions }: DeleteOptions): void {
  // Upstream names the kind here, not the resource.
  const gr = { group: gvk.group, resource: gvk.kind };
  const { uid, resourceVersion } = preconditions ?? {};
  if (uid !== undefined && uid !== metadata.uid) {
    const text = `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`;
    throw newConflict(gr, metadata.name ?? "", text);
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const text = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`;
    throw newConflict(gr, metadata.name ?? "", text);
  }
}

/** "now": nothing to wait for but finalizers; "wait": someone else ends it and deletes again with no grace. */
type Grace = "now" | "wait";

/** Sets deletionTimestamp and grace of kinds that end slowly. */
function applyGrace({ strategy }: Endpoint, object: AnyObject, options: DeleteOptions, context: WriteContext): Grace {
  const { metadata } = object;
  if (!strategy.gracefulDeletion) return "now";
  if (metadata.deletionTimestamp) return shortenGrace(metadata, options, context);
  const seconds = strategy.gracefulDeletion.begin(object, options, context.strategyContext);
  if (seconds <= 0 && strategy.blocksDeletion) return "now";
  metadata.deletionTimestamp = timeText(context.strategyContext.clock.now() + Math.max(0, seconds) * 1_000);
  metadata.deletionGracePeriodSeconds = Math.max(0, seconds);
  if (metadata.generation) metadata.generation++;
  return seconds > 0 ? "wait" : "now";
}

function shortenGrace(metadata: AnyObject["metadata"], options: DeleteOptions, context: WriteContext): Grace {
  const current = metadata.deletionGracePeriodSeconds ?? 0;
  if (current <= 0) return "now";
  let seconds = options.gracePeriodSeconds;
  if (seconds === undefined || seconds >= current) return "wait";
  const now = context.strategyContext.clock.now();
  let at = Date.parse(metadata.deletionTimestamp ?? "") + (seconds - current) * 1_000;
  if (at < now) {
    at = now;
    if (seconds !== 0) seconds = 1;
  }
  metadata.deletionTimestamp = timeText(at);
  metadata.deletionGracePeriodSeconds = seconds;
  return seconds === 0 ? "now" : "wait";
}

/** An object that stays only for its finalizers has no grace left. */
function markDeleted({ strategy }: Endpoint, object: AnyObject, grace: Grace, context: WriteContext): void {
  const { metadata } = object;
  if (grace === "wait") return;
  if (!metadata.deletionTimestamp) {
    metadata.deletionTimestamp = timeText(context.strategyContext.clock.now());
    if (metadata.generation) metadata.generation++;
  }
  // A namespace waits for its content, not for a time.
  if (!strategy.blocksDeletion) metadata.deletionGracePeriodSeconds = 0;
}

/** The finalizers with the one that the wanted propagation needs, and without the other. */
function finalizersFor({ strategy }: Endpoint, { metadata }: AnyObject, options: DeleteOptions): string[] {
  const own = metadata.finalizers ?? [];
  const others = own.filter((name) => name !== orphanFinalizer && name !== foregroundFinalizer);
  const wanted = propagation(own, options, strategy.defaultDeletion);
  if (wanted === "Orphan") others.push(orphanFinalizer);
  if (wanted === "Foreground") others.push(foregroundFinalizer);
  const same = others.length === own.length && others.every((name) => own.includes(name));
  return same ? own : others;
}

function propagation(
  own: readonly string[],
  options: DeleteOptions,
  fallback: "background" | "orphan" | undefined,
): string {
  if (options.orphanDependents !== undefined) return options.orphanDependents ? "Orphan" : "Background";
  if (options.propagationPolicy !== undefined) return options.propagationPolicy;
  if (own.includes(orphanFinalizer)) return "Orphan";
  if (own.includes(foregroundFinalizer)) return "Foreground";
  return fallback === "orphan" ? "Orphan" : "Background";
}
