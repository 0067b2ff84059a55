/**
 * A process that writes, for tests that look at it from outside: `node writing-process.ts FILE DURABLE MODE`.
 * It says on standard output, unbuffered, what it begins and what was acknowledged.
 */
import { rmSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Collection, Value } from "../../../../../lib/storage/interface.ts";
import { openSqliteStore } from "../../../../../lib/storage/sqlite/store.ts";

const [file = "", durable = "", mode = ""] = process.argv.slice(2);
const collection: Collection = { cluster: "c", group: "", resource: "configmaps" };
const writers = 10;

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

function value(size: number): Value {
  const padding = "x".repeat(size);
  return {
    text: (revision) => JSON.stringify({ metadata: { resourceVersion: `${revision}` }, padding }),
    labels: {},
    fields: {},
    owners: [],
  };
}

const store = await openSqliteStore({ file, durable: durable === "true" });

async function acknowledged(key: string, size = 1000): Promise<void> {
  say(`ack ${key} ${await store.create(collection, key, value(size))}`);
}

/** One write after the other, then ten at once. */
async function slowly(): Promise<void> {
  await acknowledged("first");
  for (let n = 0; n < 5; n++) {
    say(`begin ${n}`);
    await acknowledged(`single-${n}`);
  }
  say("begin group");
  await Promise.all(Array.from({ length: writers }, (_, n) => acknowledged(`group-${n}`)));
  say("end group");
  await store.close();
}

/** As fast as it goes, until somebody ends it. */
async function forever(): Promise<void> {
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (let n = 0; ; n++) await acknowledged(`${process.pid}-${writer}-${n}`);
    }),
  );
}

/** Until the disk is full; then again after something else was removed from it. */
async function untilFull(): Promise<void> {
  const filler = join(dirname(file), "filler");
  writeFileSync(filler, Buffer.alloc(1_000_000));
  try {
    for (let n = 0; ; n++) {
      // A small one beside the one that does not fit: each has its own fate.
      await Promise.all([acknowledged(`large-${n}`, 100_000), acknowledged(`small-${n}`, 10)]);
    }
  } catch (error) {
    say(`${(error as Error).name}: ${(error as Error).message}`);
  }
  const before = await store.count(collection);
  rmSync(filler);
  await acknowledged("after", 100_000);
  const { items } = await store.list(collection);
  say(`kept ${items.length - before}`);
  await store.close();
}

const modes: Record<string, () => Promise<void>> = { slowly, forever, untilFull };
await modes[mode]?.();
