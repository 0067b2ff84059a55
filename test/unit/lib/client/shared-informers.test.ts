import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../../../lib/apimachinery/meta.ts";
import type { Client } from "../../../../lib/client/interface.ts";
import { createInformers, InformerStore } from "../../../../lib/client/shared-informers.ts";
import { configmaps, secrets } from "../../../../lib/openapi/types/resources.ts";

function object(name: string, revision: number, uid = name): KubeObject {
  return { metadata: { name, uid, resourceVersion: String(revision), creationTimestamp: "" } };
}

function watched(store: InformerStore<KubeObject>): string[] {
  const changes: string[] = [];
  const show = (one?: KubeObject) => (one === undefined ? "-" : `${one.metadata.uid}@${one.metadata.resourceVersion}`);
  store.onChange(({ object, old }) => void changes.push(`${show(old)} > ${show(object)}`));
  return changes;
}

describe("InformerStore", () => {
  it("tells what a new list changed, and nothing else", () => {
    const store = new InformerStore<KubeObject>();
    store.replace([object("a", 1), object("b", 2), object("c", 3)], "3");
    const changes = watched(store);
    expect(changes.splice(0)).toEqual(["- > a@1", "- > b@2", "- > c@3"]);
    store.replace([object("a", 1), object("b", 5), object("d", 6)], "6");
    expect(changes).toEqual(["b@2 > b@5", "- > d@6", "c@3 > -"]);
  });

  it("applies events; the last state of what goes is the event's", async () => {
    const store = new InformerStore<KubeObject>();
    store.replace([], "1");
    await store.synced;
    const changes = watched(store);
    store.apply({ type: "ADDED", object: object("a", 2) });
    store.apply({ type: "MODIFIED", object: object("a", 3) });
    store.apply({ type: "MODIFIED", object: object("a", 3) });
    store.apply({ type: "DELETED", object: object("a", 4) });
    store.apply({ type: "DELETED", object: object("a", 4) });
    expect(changes).toEqual(["- > a@2", "a@2 > a@3", "a@4 > -"]);
  });

  it("tells a deletion and an addition when a successor has taken the name unseen", () => {
    const store = new InformerStore<KubeObject>();
    store.replace([object("a", 1, "first")], "1");
    const changes = watched(store);
    changes.length = 0;
    store.replace([object("a", 9, "second")], "9");
    expect(changes).toEqual(["first@1 > -", "- > second@9"]);
  });

  it("knows how far it has come, by lists, events and bookmarks", () => {
    const store = new InformerStore<KubeObject>();
    expect(store.reached("1")).toBe(false);
    store.replace([], "5");
    expect([store.reached("5"), store.reached("6")]).toEqual([true, false]);
    store.apply({ type: "BOOKMARK", object: object("", 10) });
    expect([store.reached("10"), store.reached("11")]).toEqual([true, false]);
  });

  it("goes on when a handler throws", () => {
    const errors: unknown[] = [];
    const store = new InformerStore<KubeObject>((error) => void errors.push(error));
    store.onChange(() => {
      throw new Error("broken");
    });
    const changes = watched(store);
    store.replace([object("a", 1)], "1");
    expect([errors.length, changes]).toEqual([1, ["- > a@1"]]);
  });
});

describe("informers", () => {
  it("share one list and watch for each resource and query, and drop what metadataOnly does not keep", async () => {
    const calls: string[] = [];
    const client = {
      async list({ resource }: { resource: string }, { fieldSelector = "" }: { fieldSelector?: string }) {
        calls.push(`${resource} ${fieldSelector}`.trim());
        const metadata = { ...object("a", 1).metadata, managedFields: [{}] };
        return { items: [{ metadata, data: { k: "v" } }], resourceVersion: "1" };
      },
      async *watch(_: unknown, __: unknown, signal: AbortSignal) {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      },
    } as unknown as Client;
    const informers = createInformers({ client });
    const all = informers.get(configmaps);
    expect(informers.get(configmaps)).toBe(all);
    // Somebody keeps the whole objects already.
    expect(informers.get(configmaps, { metadataOnly: true })).toBe(all);
    const some = informers.get(configmaps, { fieldSelector: "metadata.name=a" });
    const light = informers.get(secrets, { metadataOnly: true });
    await Promise.all([all.synced, some.synced, light.synced]);
    expect(calls).toEqual(["configmaps", "configmaps metadata.name=a", "secrets"]);
    expect(all.list()[0]).toHaveProperty("data");
    expect(light.list()[0]).not.toHaveProperty("data");
    expect(light.list()[0].metadata.managedFields).toBeUndefined();
    await informers.stop();
  });
});
