/**
 * A simulated DynamoDB table. Transactions are decided at once and become visible item by item; until then the items
 * are locked for other writes. Each process reaches it through a network that delays, repeats and loses.
 */
import {
  type Clause,
  type Condition,
  ConditionFailed,
  type Item,
  type ItemKey,
  keyOf,
  OutcomeUnknown,
  type Query,
  type QueryPage,
  type ReadOptions,
  type Table,
  TableBusy,
  type Write,
} from "../../lib/aws/dynamodb/table.ts";
import type { World } from "./store-world.ts";

/** How long a read that need not be consistent may still see what was before (ms). */
const maxStaleMs = 1_000;

/** Small, so that lists need several pages. */
const smallPage = 7;

interface Partition {
  readonly keys: string[];
  readonly items: Map<string, Item>;
}

/** The data, and everything that was ever decided about the log. */
export class SimulatedTable {
  readonly world: World;
  /** Log items (entries and voids) by revision, as first written; nothing removes them from here. */
  readonly history = new Map<number, Item>();
  /** What the table's stream tells: each item that was not there before, when it shows. */
  inserted: ((item: Item) => void) | undefined;
  private readonly pageItems: number;
  private readonly partitions = new Map<string, Partition>();
  private readonly locked = new Set<string>();
  /** What each item was before its last change. */
  private readonly before = new Map<string, { readonly item: Item | undefined; readonly at: number }>();

  constructor(world: World, pageItems = smallPage) {
    this.world = world;
    this.pageItems = pageItems;
  }

  /** Takes over all that is in another table. */
  copyFrom(other: SimulatedTable): void {
    for (const [pk, { keys, items }] of other.partitions) {
      this.partitions.set(pk, { keys: [...keys], items: new Map(items) });
    }
  }

  get({ pk, sk }: ItemKey): Item | undefined {
    return this.partitions.get(pk)?.items.get(sk);
  }

  /** The item as it is, or as it was before a change of late. */
  stale(key: ItemKey): Item | undefined {
    const before = this.before.get(idOf(key));
    if (before === undefined || this.world.now() - before.at > maxStaleMs) return this.get(key);
    return this.world.chance(0.5) ? before.item : this.get(key);
  }

  /** Every item, for tests. */
  all(): Item[] {
    return [...this.partitions.values()].flatMap(({ items }) => [...items.values()]);
  }

  query({ pk, after, prefix = "", to, limit }: Query): QueryPage {
    const { keys, items } = this.partition(pk);
    const found = keys.filter(
      (sk) => (after === undefined || sk > after) && sk.startsWith(prefix) && (to === undefined || sk <= to),
    );
    const page = found.slice(0, Math.min(limit ?? this.pageItems, this.pageItems));
    return { items: page.map((sk) => items.get(sk) as Item), more: page.length < found.length };
  }

  count(query: Query, clauses: readonly Clause[]): number {
    const { keys, items } = this.partition(query.pk);
    const { after = "", prefix = "" } = query;
    const found = keys.filter((sk) => sk > after && sk.startsWith(prefix)).map((sk) => items.get(sk));
    return found.filter((item) => clauses.every((clause) => holds(clause, item))).length;
  }

  write(write: Write): Item | undefined {
    this.check([write]);
    return this.apply(write);
  }

  /** Decides at once; `done` is called when every item shows it. */
  transact(writes: readonly Write[], done: () => void): void {
    this.check(writes);
    let left = writes.length;
    for (const write of writes) {
      const id = idOf(keyOf(write));
      this.locked.add(id);
      if ("put" in write) this.remember(write.put);
      this.world.after(this.lag(), () => {
        this.apply(write);
        this.locked.delete(id);
        if (--left === 0) done();
      });
    }
  }

  /** How long an item of a decided transaction still shows what was before. */
  private lag(): number {
    return this.world.random.number() * (this.world.chance(0.05) ? 40 : 3);
  }

  /** DynamoDB's TTL: some of what has expired goes. */
  expire(): void {
    const seconds = this.world.now() / 1000;
    for (const { keys, items } of this.partitions.values()) {
      for (const sk of [...keys]) {
        const expires = items.get(sk)?.x;
        if (typeof expires === "number" && expires < seconds && this.world.chance(0.7)) {
          items.delete(sk);
          keys.splice(keys.indexOf(sk), 1);
        }
      }
    }
  }

  private check(writes: readonly Write[]): void {
    for (const write of writes) if (this.locked.has(idOf(keyOf(write)))) throw new TableBusy("conflict");
    for (const write of writes) {
      if (write.when !== undefined && !satisfies(write.when, this.get(keyOf(write)))) {
        throw new ConditionFailed(idOf(keyOf(write)));
      }
    }
  }

  private apply(write: Write): Item | undefined {
    const { pk, sk } = keyOf(write);
    const partition = this.partition(pk);
    const item = "put" in write ? write.put : "remove" in write ? undefined : updated(write, partition.items.get(sk));
    const isThere = partition.items.has(sk);
    this.before.set(idOf({ pk, sk }), { item: partition.items.get(sk), at: this.world.now() });
    if (item === undefined) {
      if (isThere) partition.keys.splice(partition.keys.indexOf(sk), 1);
      partition.items.delete(sk);
      return undefined;
    }
    if ("put" in write) this.remember(item);
    if (!isThere) insert(partition.keys, sk);
    partition.items.set(sk, item);
    if (!isThere) this.inserted?.(item);
    return item;
  }

  private partition(pk: string): Partition {
    const partition = this.partitions.get(pk) ?? { keys: [], items: new Map() };
    this.partitions.set(pk, partition);
    return partition;
  }

  private remember(item: Item): void {
    if (item.t !== "log" && item.t !== "void") return;
    const revision = Number(item.r);
    if (!this.history.has(revision)) this.history.set(revision, item);
  }
}

function insert(keys: string[], key: string): void {
  const at = keys.findLastIndex((other) => other < key);
  keys.splice(at + 1, 0, key);
}

function idOf({ pk, sk }: ItemKey): string {
  return `${pk} ${sk}`;
}

function updated(write: Extract<Write, { update: unknown }>, before: Item | undefined): Item {
  const { update, set = {}, setOnce = {}, add = {} } = write;
  const item = { ...update, ...setOnce, ...before, ...set } as Record<string, string | number>;
  for (const [name, amount] of Object.entries(add)) item[name] = Number(item[name] ?? 0) + amount;
  return item as Item;
}

function satisfies(condition: Condition, item: Item | undefined): boolean {
  return condition.some((clauses) => clauses.every((clause) => holds(clause, item)));
}

function holds(clause: Clause, item: Item | undefined): boolean {
  if ("absent" in clause) return item?.[clause.absent] === undefined;
  if ("exists" in clause) return item?.[clause.exists] !== undefined;
  const value = item?.[clause.attribute];
  if (value === undefined) return false;
  if (clause.is === "=") return value === clause.than;
  return clause.is === "<" ? value < clause.than : value <= clause.than;
}

/** How bad the network is; probabilities for each request. */
export interface Faults {
  readonly slow: number;
  readonly lostRequest: number;
  readonly lostReply: number;
  readonly repeated: number;
  readonly busy: number;
}

/** A network without faults. */
export const noFaults: Faults = { slow: 0, lostRequest: 0, lostReply: 0, repeated: 0, busy: 0 };

/** The caller gives up on an answer after this. */
const timeoutMs = 1_000;

/** A request on its way is never older than this when it arrives. */
const maxDelayMs = 12_000;

/** One process's way to the table. */
export class SimulatedConnection implements Table {
  faults: Faults;
  isAlive = true;
  private readonly table: SimulatedTable;
  private readonly world: World;

  constructor(table: SimulatedTable, faults: Faults) {
    this.table = table;
    this.world = table.world;
    this.faults = faults;
  }

  get(key: ItemKey): Promise<Item | undefined> {
    return this.request((done) => done(this.table.get(key)));
  }

  getMany(keys: readonly ItemKey[], { eventually = false }: ReadOptions = {}): Promise<readonly Item[]> {
    const read = (key: ItemKey) => (eventually ? this.table.stale(key) : this.table.get(key));
    return this.request((done) => done(keys.flatMap((key) => read(key) ?? [])));
  }

  query(query: Query): Promise<QueryPage> {
    const read = (items: readonly Item[]) =>
      query.eventually ? items.flatMap((item) => this.table.stale(item) ?? []) : items;
    return this.request((done) => {
      const { items, more } = this.table.query(query);
      done({ items: read(items), more });
    });
  }

  count(query: Query, clauses: readonly Clause[]): Promise<number> {
    return this.request((done) => done(this.table.count(query, clauses)));
  }

  write(write: Write): Promise<Item | undefined> {
    return this.request((done) => done(this.table.write(write)), true);
  }

  transact(writes: readonly Write[]): Promise<void> {
    return this.request((done) => this.table.transact(writes, () => done(undefined)), true);
  }

  close(): void {
    this.isAlive = false;
  }

  /** Sends a request, which may come late, twice or never, and waits for the reply, which may be lost. */
  private request<T>(serve: (done: (result: T) => void) => void, mayRepeat = false): Promise<T> {
    const { world, faults } = this;
    return new Promise((resolve, reject) => {
      if (!this.isAlive) return;
      const reply = (tell: () => void) => {
        if (world.chance(faults.lostReply)) return;
        world.after(1 + world.random.number() * 3, () => {
          callOff();
          this.deliver(tell);
        });
      };
      const arrive = () => {
        if (world.chance(faults.busy)) return reply(() => reject(new TableBusy("throttled")));
        try {
          serve((result) => reply(() => resolve(result)));
        } catch (error) {
          reply(() => reject(error));
        }
      };
      if (!world.chance(faults.lostRequest)) world.after(this.delay(), arrive);
      if (mayRepeat && world.chance(faults.repeated)) {
        world.after(world.random.number() * maxDelayMs, () => swallow(() => serve(() => {})));
      }
      const giveUp = () => this.deliver(() => reject(new OutcomeUnknown("no answer")));
      const callOff = world.after(timeoutMs, giveUp);
    });
  }

  /** Gives an answer to the process. */
  protected deliver(tell: () => void): void {
    if (this.isAlive) tell();
  }

  private delay(): number {
    const { world, faults } = this;
    return world.chance(faults.slow) ? world.random.number() * maxDelayMs : 1 + world.random.number() * 4;
  }
}

/** A repeated request's refusal is nobody's business. */
function swallow(serve: () => void): void {
  try {
    serve();
  } catch (error) {
    if (!(error instanceof ConditionFailed || error instanceof TableBusy)) throw error;
  }
}
