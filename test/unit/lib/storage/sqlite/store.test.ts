import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "../../../../../lib/storage/interface.ts";
import { openSqliteStore } from "../../../../../lib/storage/sqlite/store.ts";
import { type StoreDriver, storeSuite } from "../../../../suites/store.ts";

const folders: string[] = [];
const files = new Map<Store, string>();

async function open(file: string): Promise<Store> {
  const store = await openSqliteStore({ file });
  files.set(store, file);
  return store;
}

const driver: StoreDriver = {
  open: async () => {
    const folder = await mkdtemp(join(tmpdir(), "coracle-store-"));
    folders.push(folder);
    return open(join(folder, "store.db"));
  },
  reopen: async (store) => {
    await store.close();
    return open(files.get(store) ?? "");
  },
  cleanUp: async () => {
    for (const folder of folders) await rm(folder, { recursive: true });
  },
};

storeSuite("SQLite", driver);
