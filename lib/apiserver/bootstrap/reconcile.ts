/**
 * Makes sure that a cluster has what a fresh one has. It writes to the store directly: these objects are complete, and
 * the server's start waits for them: one list a resource, all that is missing created together.
 */
import { timeText } from "../../apimachinery/clock.ts";
import { deepEqual } from "../../apimachinery/equality.ts";
import { type AnyObject, keyOf } from "../../apimachinery/meta.ts";
import { canonicalize } from "../../openapi/decode.ts";
import { type Collection, KeyNotFound, RevisionConflict, type StoredObject } from "../../storage/interface.ts";
import { type Endpoint, withKind } from "../endpoint.ts";
import type { ServerContext } from "../server-context.ts";
import { storedValue } from "../stored-value.ts";
import { completed } from "./complete.ts";
import { type BootstrapObjects, bootstrapObjects, lastBootstrapObject, type ServerPlace } from "./objects.ts";

/** Another server of the same cluster was faster: it wrote the same. */
function ignoreRace(error: unknown): number {
  const race = error instanceof RevisionConflict || error instanceof KeyNotFound;
  if (!race) throw error;
  return 0;
}

/**
 * Creates what is missing and completes what is old. Safe to run twice and at once. Throws what the store throws.
 * A fresh cluster's history begins when it is ready: nobody has seen the revisions before, and a client that names one
 * has it from another cluster, so it is told to begin anew.
 */
export async function ensureBootstrapObjects(server: ServerContext, place: ServerPlace): Promise<void> {
  const all = bootstrapObjects({ ...place, serviceCIDRs: server.config.serviceCIDRs, now: server.clock.now() });
  const isLast = ({ resource }: BootstrapObjects) => resource === lastBootstrapObject.resource;
  const isFresh = !(await isBootstrapped(server));
  const written = [
    ...(await Promise.all(all.filter((one) => !isLast(one)).map((wanted) => ensure(server, wanted)))),
    ...(await Promise.all(all.filter(isLast).map((wanted) => ensure(server, wanted)))),
  ];
  if (!isFresh) return;
  const { store } = server.resources;
  await Promise.all(written.map(({ collection, revision }) => store.compact(collection, revision)));
}

/** Whether it has once come to its end. Throws what the store throws. */
export async function isBootstrapped({ objects }: ServerContext): Promise<boolean> {
  const { resource, namespace, name } = lastBootstrapObject;
  return (await objects.get(resource, namespace, name)) !== undefined;
}

/** Returns the newest revision that it wrote, 0 where it wrote nothing. */
async function ensure(
  server: ServerContext,
  { resource, objects, existing }: BootstrapObjects,
): Promise<{ collection: Collection; revision: number }> {
  const { store } = server.resources;
  const endpoint = server.endpoints.find(resource.group, resource.version, resource.resource);
  if (!endpoint) throw new Error(`${resource.resource} is not served`);
  const { collection } = endpoint;
  const found = await current(server, endpoint, objects);
  const missing = objects.filter((object) => !found.has(keyOf(object)));
  const created = store.createMissing(
    collection,
    missing.map((object) => ({ key: keyOf(object), value: storedValue(endpoint, fresh(server, endpoint, object)) })),
  );
  const updates = objects.map(async (object) => {
    const stored = found.get(keyOf(object));
    if (stored === undefined || existing === "keep") return 0;
    const old: AnyObject = JSON.parse(stored.text);
    const changed = existing === "complete" ? completed(old, object) : replaced(endpoint, old, object);
    if (!changed) return 0;
    const value = storedValue(endpoint, canonical(endpoint, changed));
    return store.update(collection, stored.key, stored.revision, value).catch(ignoreRace);
  });
  const [revisions, ...others] = await Promise.all([created, ...updates]);
  return { collection, revision: Math.max(0, ...revisions, ...others) };
}

/** What is there. Where only one object is wanted, the rest of its collection (there may be thousands) is not read. */
async function current(
  server: ServerContext,
  { collection }: Endpoint,
  objects: readonly AnyObject[],
): Promise<Map<string, StoredObject>> {
  const { store } = server.resources;
  if (objects.length === 1) {
    const stored = await store.get(collection, keyOf(objects[0]));
    return new Map(stored ? [[stored.key, stored]] : []);
  }
  const { items } = await store.list(collection);
  return new Map(items.map((item) => [item.key, item]));
}

function fresh({ clock, random }: ServerContext, endpoint: Endpoint, object: AnyObject): AnyObject {
  const system = { uid: random.uuid(), resourceVersion: "0", creationTimestamp: timeText(clock.now()) };
  const metadata = { ...object.metadata, ...system };
  return canonical(endpoint, { ...object, metadata });
}

/** As every write of the server's stores it. */
function canonical(endpoint: Endpoint, object: AnyObject): AnyObject {
  return withKind(endpoint, canonicalize(endpoint.info.definition, withKind(endpoint, object)));
}

/** The old object with everything but metadata and status as wanted; undefined where it is so already. */
function replaced(endpoint: Endpoint, old: AnyObject, wanted: AnyObject): AnyObject | undefined {
  const { metadata, status, ...content } = wanted;
  const next = canonical(endpoint, { ...old, ...structuredClone(content) });
  return deepEqual(next, old) ? undefined : next;
}
