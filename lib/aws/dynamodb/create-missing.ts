/** Many creations at once, as a fresh cluster needs them: few transactions in place of two requests an object. */
import { KeyExists, type NewObject } from "../../storage/interface.ts";
import { attribute } from "./layout.ts";
import type { CollectionLog } from "./log.ts";
import type { Turns } from "./turns.ts";
import type { Writer } from "./write.ts";

/** An object and its log entry are two of the 100 items that a transaction takes. */
const maxTogether = 49;

/** Both texts of so many objects stay far below a transaction's 4 MB; what is larger is written by itself. */
const maxSmallBytes = 25_000;

/** Another writer of the same objects may be in the way so often. */
const maxAttempts = 3;

/**
 * Creates objects whose keys are free; gives their revisions, 0 for a key that is taken. One transaction after the
 * other, so that what was written first is settled first. Throws ValueTooLarge, StoreUnavailable.
 */
export async function createMissing(
  writer: Writer,
  log: CollectionLog,
  objects: readonly NewObject[],
  turns: Turns,
): Promise<readonly number[]> {
  const revisions = new Map<string, number>();
  const [small, large] = [objects.filter(isSmall), objects.filter((object) => !isSmall(object))];
  for (let from = 0; from < small.length; from += maxTogether) {
    const some = small.slice(from, from + maxTogether);
    await turns.run(() => createSome(writer, log, some, revisions));
  }
  for (const object of large) await turns.run(() => createOne(writer, log, object, revisions));
  return objects.map(({ key }) => revisions.get(key) ?? 0);
}

/** Owners have items of their own, long texts too. */
function isSmall({ value }: NewObject): boolean {
  return value.owners.length === 0 && Buffer.byteLength(value.text(0)) <= maxSmallBytes;
}

type Revisions = Map<string, number>;

async function createSome(writer: Writer, log: CollectionLog, objects: readonly NewObject[], revisions: Revisions) {
  let left = objects;
  for (let attempt = 1; left.length > 0; attempt++) {
    if (attempt > maxAttempts) {
      for (const object of left) await createOne(writer, log, object, revisions);
      return;
    }
    const written = await writer.createTogether(log, left);
    if (written !== undefined) {
      for (const [n, { key }] of left.entries()) revisions.set(key, written[n]);
      return;
    }
    left = await missing(log, left);
  }
}

async function createOne(writer: Writer, log: CollectionLog, { key, value }: NewObject, revisions: Revisions) {
  try {
    revisions.set(key, await writer.write({ log, key, value }));
  } catch (error) {
    if (!(error instanceof KeyExists)) throw error;
  }
}

/** Those that are not there. */
async function missing(log: CollectionLog, objects: readonly NewObject[]): Promise<readonly NewObject[]> {
  const places = objects.map(({ key }) => log.layout.object(key));
  const items = await log.persist(() => log.table.getMany(places));
  const there = new Set(items.filter((item) => item[attribute.dead] === undefined).map(({ sk }) => sk));
  return objects.filter(({ key }) => !there.has(key));
}
