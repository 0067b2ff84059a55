/** What every store must do. Each driver's test file calls `storeSuite` with a way to open it. */
import { afterAll, beforeAll, describe } from "vitest";
import type { Collection, Store } from "../../lib/storage/interface.ts";
import { collectionTests } from "./store-collections.ts";
import { concurrencyTests } from "./store-concurrency.ts";
import { listTests } from "./store-list.ts";
import { watchTests } from "./store-watch.ts";
import { writeTests } from "./store-write.ts";

/** A driver, for the suite. */
export interface StoreDriver {
  /** A store on fresh, empty data. */
  open(): Promise<Store>;
  /** Closes a store and opens another one on the same data. */
  reopen(store: Store): Promise<Store>;
  /** Removes what was opened. */
  cleanUp(): Promise<void>;
}

/** What the tests of the suite share: a store, and collections that nobody else uses. */
export interface SuiteContext {
  readonly driver: StoreDriver;
  readonly store: Store;
  collection(resource?: string): Collection;
}

/** Runs the suite. */
export function storeSuite(name: string, driver: StoreDriver): void {
  describe(`store: ${name}`, () => {
    let store: Store | undefined;
    let clusters = 0;
    const context: SuiteContext = {
      driver,
      get store() {
        if (store === undefined) throw new Error("the store is opened before the tests");
        return store;
      },
      collection: (resource = "configmaps") => ({ cluster: `c${++clusters}`, group: "", resource }),
    };
    beforeAll(async () => {
      store = await driver.open();
    }, 180_000);
    afterAll(async () => {
      await store?.close();
      await driver.cleanUp();
    });
    writeTests(context);
    concurrencyTests(context);
    collectionTests(context);
    listTests(context);
    watchTests(context);
  });
}
