/** Removes Events that are older than an hour, as kube-apiserver's --event-ttl does. */
import { isConflict, isNotFound } from "../../apimachinery/errors.ts";
import type { Client } from "../../client/interface.ts";
import type { Event } from "../../openapi/types/core-v1.ts";
import { events } from "../../openapi/types/resources.ts";

/** How long Events are kept. */
export const eventTtlMs = 3_600_000;
const pageSize = 500;
const parallel = 10;

/**
 * Deletes expired Events, so many at most. Gives how many it has deleted, and how many are left as far as it has
 * looked. Rejects as the client does.
 */
export async function deleteExpiredEvents(
  client: Client,
  now: number,
  most: number,
): Promise<{ deleted: number; left: number }> {
  let deleted = 0;
  let left = 0;
  for (let next: string | undefined; ; ) {
    const page = await client.list(events, { limit: pageSize, ...(next === undefined ? {} : { continue: next }) });
    const expired = page.items.filter((event) => now - timeOf(event) > eventTtlMs).slice(0, most - deleted);
    for (let from = 0; from < expired.length; from += parallel) {
      await Promise.all(expired.slice(from, from + parallel).map((event) => remove(client, event)));
    }
    deleted += expired.length;
    left += page.items.length - expired.length;
    next = page.continue;
    if (deleted >= most || !next) return { deleted, left };
  }
}

async function remove(client: Client, { metadata: { namespace, name, uid, resourceVersion } }: Event): Promise<void> {
  try {
    await client.delete(events, { namespace, name }, { uid, resourceVersion });
  } catch (error) {
    // Gone, or counted once more just now: then it is young again.
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}

/** When the Event was last seen to happen. */
function timeOf({ lastTimestamp, eventTime, series, metadata }: Event): number {
  const times = [lastTimestamp, eventTime, series?.lastObservedTime, metadata.creationTimestamp];
  return Math.max(...times.map((time) => Date.parse(time ?? "")).filter((time) => !Number.isNaN(time)), 0);
}
