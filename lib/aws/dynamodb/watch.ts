/** watch: the backlog from the log's items, then what the collection's tail reads. */
import { type LogEntry, RevisionCompacted, type WatchBatch, type WatchOptions } from "../../storage/interface.ts";
import { isEntry, loadEntry } from "./entry.ts";
import type { CollectionLog } from "./log.ts";
import type { Reader, Tail } from "./tail.ts";

/** How much backlog is read at once. */
const backlogPage = 500;

/** Tails a collection's log until one of the signals ends it. Throws RevisionCompacted, StoreUnavailable. */
export async function* watch(
  tail: Tail,
  { after, prefix = "", signal }: WatchOptions,
  closing: AbortSignal,
): AsyncGenerator<WatchBatch> {
  if (signal.aborted) return;
  const counter = await tail.log.counter();
  if (after !== 0) tail.log.checkHistory(after, counter);
  let wake = () => {};
  const reader: Reader = { position: after === 0 ? counter.compacted : after, wake: () => wake() };
  const ended = () => wake();
  signal.addEventListener("abort", ended);
  tail.add(reader);
  try {
    while (!signal.aborted && !closing.aborted) {
      if (tail.failure !== undefined) throw tail.failure;
      if (tail.position <= reader.position) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const to = tail.position;
      const recent = tail.recentAfter(reader.position);
      const batch = recent === undefined ? await backlog(tail, reader.position, to) : { entries: recent, revision: to };
      reader.position = batch.revision;
      yield { entries: batch.entries.filter(({ key }) => key.startsWith(prefix)), revision: batch.revision };
    }
  } finally {
    tail.remove(reader);
    signal.removeEventListener("abort", ended);
  }
}

/** Settled slots from the table. One that is missing was removed, so history no longer reaches back to it. */
async function backlog({ log, partitions }: Tail, after: number, settledTo: number): Promise<WatchBatch> {
  const to = Math.min(settledTo, after + backlogPage);
  const slots = await log.persist(() => log.read(after, to, partitions));
  const entries = await readEntries(log, slots.filter(isEntry));
  // After the read: what was removed meanwhile had been compacted before.
  const counter = await log.counter();
  log.checkHistory(after, counter);
  const isWhole = slots.length === to - after && !entries.includes(undefined);
  if (!isWhole && log.settings.switches.compaction) throw new RevisionCompacted(after, counter.ticket);
  return { entries: entries.filter((entry) => entry !== undefined), revision: to };
}

function readEntries(log: CollectionLog, slots: Parameters<typeof loadEntry>[2][]): Promise<(LogEntry | undefined)[]> {
  return Promise.all(slots.map((slot) => loadEntry(log.table, log.layout, slot)));
}
