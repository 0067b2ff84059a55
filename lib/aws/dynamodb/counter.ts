/** The counter item of a collection: tickets, how far the log is settled, how far it is forgotten. */
import { firstRevision } from "../../storage/interface.ts";
import { attribute, type Layout, counterAttribute as name, numberOf } from "./layout.ts";
import { persist, type Settings } from "./options.ts";
import { ConditionFailed, type Item, type ReadOptions, type Table } from "./table.ts";

/** The counter as it was read. */
export interface Counter {
  /** The last ticket given out; the item counts them, the first is `firstRevision + 1`. */
  readonly ticket: number;
  /** Up to here every ticket is a log entry or a void; as somebody has proved. */
  readonly stable: number;
  /** History begins above this. */
  readonly compacted: number;
  readonly partitions: number;
  readonly isListed: boolean;
  readonly ticketAt: number;
  readonly noteRevision: number;
  readonly noteAt: number;
}

function parse(item: Item | undefined): Counter {
  const compacted = Math.max(numberOf(item, name.compacted), firstRevision);
  return {
    ticket: firstRevision + numberOf(item, name.ticket),
    // What is forgotten was settled before.
    stable: Math.max(numberOf(item, name.stable), compacted),
    compacted,
    partitions: numberOf(item, name.partitions) || 1,
    isListed: numberOf(item, name.listed) === 1,
    ticketAt: numberOf(item, name.ticketAt),
    noteRevision: numberOf(item, name.noteRevision),
    noteAt: numberOf(item, name.noteAt),
  };
}

/** Reads the counter. */
export async function readCounter(table: Table, layout: Layout): Promise<Counter> {
  return parse(await table.get(layout.counter()));
}

/** Reads many in few requests, by collection; `eventually`: what was counted a moment before may not show yet. */
export async function readCounters(
  table: Table,
  layouts: readonly Layout[],
  options: ReadOptions = {},
): Promise<Counter[]> {
  // A request must not name an item twice.
  const keys = new Map(layouts.map((layout) => [layout.objects, layout.counter()]));
  const found = await table.getMany([...keys.values()], options);
  const items = new Map(found.map((item) => [item.pk, item]));
  return layouts.map((layout) => parse(items.get(layout.counter().pk)));
}

/** Takes the next tickets; the counter names the last. A reply that is lost wastes them: voids, like any other gap. */
export async function takeTickets(
  table: Table,
  layout: Layout,
  settings: Settings,
  { count, deadlineMs }: { readonly count: number; readonly deadlineMs: number },
) {
  const take = () => {
    const now = settings.clock.now();
    return table.write({
      update: layout.counter(),
      add: { [name.ticket]: count },
      set: { [name.ticketAt]: now },
      setOnce: {
        [attribute.type]: "counter",
        [name.partitions]: settings.partitions(layout.collection.resource),
        // What is older than the first ticket is nothing: there is nothing to forget for a while.
        [name.noteAt]: now,
      },
    });
  };
  return parse(await persist(settings, deadlineMs, take));
}

/** Puts the collection on its cluster's list. */
export async function putOnList(table: Table, layout: Layout): Promise<void> {
  await table.write({ put: { ...layout.listed(), [attribute.type]: "collection" } });
  await table.write({ update: layout.counter(), set: { [name.listed]: 1 } });
}

/** Writes down what was proved. */
export async function advanceStable(table: Table, layout: Layout, stable: number): Promise<void> {
  await unlessOutdated(() =>
    table.write({
      update: layout.counter(),
      set: { [name.stable]: stable },
      when: [[{ absent: name.stable }], [{ attribute: name.stable, is: "<", than: stable }]],
    }),
  );
}

/** Forgets history up to a settled revision. */
export async function advanceCompacted(table: Table, layout: Layout, compacted: number): Promise<void> {
  await unlessOutdated(() =>
    table.write({
      update: layout.counter(),
      set: { [name.compacted]: compacted },
      when: [[{ absent: name.compacted }], [{ attribute: name.compacted, is: "<", than: compacted }]],
    }),
  );
}

/**
 * Notes a settled revision with the time, and forgets history up to another one (0: nothing more), unless somebody has
 * just done so.
 */
export async function note(
  table: Table,
  layout: Layout,
  counter: Counter,
  { revision, compacted, nowMs }: { readonly revision: number; readonly compacted: number; readonly nowMs: number },
): Promise<void> {
  const asRead =
    counter.noteAt === 0
      ? { absent: name.noteAt }
      : ({ attribute: name.noteAt, is: "=", than: counter.noteAt } as const);
  const noted = { [name.noteRevision]: revision, [name.noteAt]: nowMs };
  const isMore = compacted > counter.compacted;
  const when = isMore
    ? [
        [asRead, { absent: name.compacted }],
        [asRead, { attribute: name.compacted, is: "<" as const, than: compacted }],
      ]
    : [[asRead]];
  const set = isMore ? { ...noted, [name.compacted]: compacted } : noted;
  await unlessOutdated(() => table.write({ update: layout.counter(), set, when }));
}

async function unlessOutdated(write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
  }
}
