import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { KubeObject } from "../../../../lib/apimachinery/meta.ts";
import { createCatchUpInformers } from "../../../../lib/client/catch-up-informers.ts";
import { createInProcessClient } from "../../../../lib/client/in-process.ts";
import type { Client } from "../../../../lib/client/interface.ts";
import { configmaps, secrets } from "../../../../lib/openapi/types/resources.ts";
import { startTestServer, type TestServer } from "../../../support/api-server.ts";

const user = { username: "admin", groups: ["system:masters"] };
let server: TestServer;
let client: Client;
/** Every list and watch that the informers asked for. */
let asked: string[];

beforeEach(async () => {
  server = await startTestServer();
  const real = createInProcessClient(server.server.handle, user);
  asked = [];
  client = new Proxy(real, {
    get(target, name) {
      const method = Reflect.get(target, name);
      return (...args: unknown[]) => {
        asked.push(String(name));
        return Reflect.apply(method, target, args);
      };
    },
  });
});
afterEach(() => server.close());

const add = (name: string, labels: Record<string, string> = {}) =>
  server.send("POST", "/api/v1/namespaces/default/configmaps", { metadata: { name, labels }, data: { a: "b" } });

describe("catch-up informers", () => {
  it("lists once, then reads only what has changed, and ends", async () => {
    const informers = createCatchUpInformers({ client });
    const copy = informers.get(configmaps, { namespace: "default" });
    const told: string[] = [];
    const name = (one?: KubeObject) => one?.metadata.name ?? "-";
    copy.onChange(({ object, old }) => void told.push(`${name(old)}>${name(object)}`));
    await add("a");
    await informers.catchUp();
    await copy.synced;
    expect(copy.list().map(name)).toContain("a");
    told.length = 0;
    const { body } = await add("b");
    expect(copy.reached(body.metadata.resourceVersion)).toBe(false);
    await server.send("DELETE", "/api/v1/namespaces/default/configmaps/a");
    await informers.catchUp();
    expect(told).toEqual(["->b", "a>-"]);
    expect(copy.reached(body.metadata.resourceVersion)).toBe(true);
    told.length = 0;
    await informers.catchUp();
    expect(told).toEqual([]);
    expect(asked).toEqual(["list", "watch", "watch"]);
  });

  it.each([
    0, 1, 2, 3, 4, 5, 6, 7, 8,
  ])("reads a copy once at a time, also for who asks %i steps after the last", async (steps) => {
    let active = 0;
    let most = 0;
    const watch: Client["watch"] = async function* (resource, query, signal) {
      most = Math.max(most, ++active);
      try {
        yield* client.watch(resource, query, signal);
      } finally {
        active--;
      }
    };
    const counted = new Proxy(client, {
      get: (target, name) => (name === "watch" ? watch : Reflect.get(target, name)),
    });
    const informers = createCatchUpInformers({ client: counted });
    informers.get(configmaps);
    await informers.catchUp();
    const again = async () => {
      await informers.catchUp();
      for (let step = 0; step < steps; step++) await undefined;
      await informers.catchUp();
    };
    await Promise.all([again(), again(), again()]);
    expect(most).toBe(1);
  });

  it("goes no step back where more is written while it is being answered", async () => {
    const informers = createCatchUpInformers({ client });
    const copy = informers.get(configmaps);
    await informers.catchUp();
    const told: string[] = [];
    copy.onChange(({ object }) => void told.push(object?.metadata.name ?? "-"));
    told.length = 0;
    await add("early");
    const { store } = server;
    const revision = store.revision.bind(store);
    let isFirst = true;
    // How far it shall come is known: now something more is written.
    vi.spyOn(store, "revision").mockImplementation(async (collection) => {
      const until = await revision(collection);
      if (isFirst && collection.resource === "configmaps") {
        isFirst = false;
        await add("late");
        await server.send("PATCH", "/api/v1/namespaces/default/configmaps/late", { data: { a: "c" } });
      }
      return until;
    });
    await informers.catchUp();
    await informers.catchUp();
    expect(told).toEqual(["early", "late", "late"]);
  });

  it("gives up a connection over which nothing comes any more", async () => {
    const dead: Client["watch"] = async function* (_resource, _query, signal) {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    };
    const dying = new Proxy(client, { get: (target, name) => (name === "watch" ? dead : Reflect.get(target, name)) });
    const informers = createCatchUpInformers({ client: dying, readTimeoutMs: 20 });
    informers.get(configmaps);
    await informers.catchUp();
    await expect(informers.catchUp()).rejects.toThrow("could not be read to their end");
    await informers.stop();
  });

  it("keeps to its selector, and to metadata where no more is wanted", async () => {
    const informers = createCatchUpInformers({ client });
    const copy = informers.get(configmaps, { labelSelector: "x=y", metadataOnly: true });
    await informers.catchUp();
    await add("a");
    await add("b", { x: "y" });
    await informers.catchUp();
    expect(copy.list()).toMatchObject([{ metadata: { name: "b" } }]);
    expect(copy.list()[0]).not.toHaveProperty("data");
  });

  it("reads only the resources that are named", async () => {
    const informers = createCatchUpInformers({ client });
    const [maps, other] = [informers.get(configmaps), informers.get(secrets)];
    await informers.catchUp([configmaps]);
    expect([maps.reached("1"), other.reached("1")]).toEqual([true, false]);
  });

  it("lists again when the history is gone", async () => {
    const informers = createCatchUpInformers({ client });
    const copy = informers.get(configmaps, { namespace: "default" });
    await informers.catchUp();
    await add("a");
    const { body } = await add("b");
    const collection = { cluster: "default", group: "", resource: "configmaps" };
    await server.store.compact(collection, Number(body.metadata.resourceVersion));
    await informers.catchUp();
    expect(copy.get("default/a")).toBeDefined();
    expect(asked).toEqual(["list", "watch", "list"]);
  });

  it.each([
    { name: "its history", isCompacted: false },
    { name: "a list, since the history is gone", isCompacted: true },
  ])("tells of what was deleted and made again meanwhile as of two, by $name", async ({ isCompacted }) => {
    const informers = createCatchUpInformers({ client });
    const copies = [
      informers.get(configmaps, { namespace: "default" }),
      informers.get(configmaps, { labelSelector: "x=y" }),
      informers.get(configmaps, { namespace: "default", metadataOnly: true, labelSelector: "x" }),
    ];
    const place = "/api/v1/namespaces/default/configmaps/a";
    await add("a", { x: "y" });
    await informers.catchUp();
    const told = copies.map((copy) => {
      const changes: string[] = [];
      copy.onChange(({ object, old }) => void changes.push(`${old?.metadata.uid}>${object?.metadata.uid}`));
      changes.length = 0;
      return changes;
    });
    const before = copies[0].get("default/a")?.metadata.uid;
    // The last state before the end is out of the second's selection, and so is the first one after it.
    await server.send("PATCH", place, { metadata: { labels: { x: "z" } } });
    await server.send("DELETE", place);
    const { body } = await add("a", { x: "z" });
    const last = await server.send("PATCH", place, { metadata: { labels: { x: "y" } } });
    if (isCompacted) {
      const collection = { cluster: "default", group: "", resource: "configmaps" };
      await server.store.compact(collection, Number(last.body.metadata.resourceVersion));
    }
    await informers.catchUp();
    const after = body.metadata.uid;
    expect(after).not.toBe(before);
    for (const [index, copy] of copies.entries()) {
      expect(copy.get("default/a")?.metadata.uid).toBe(after);
      const changes = told[index];
      expect(changes).toContain(`${before}>undefined`);
      expect(changes).toContain(`undefined>${after}`);
      expect(changes).not.toContain(`${before}>${after}`);
    }
  });

  it("holds for whoever asks while it reads all that was written before the question", async () => {
    const informers = createCatchUpInformers({ client });
    const copy = informers.get(configmaps, { namespace: "default" });
    const first = informers.catchUp();
    const { body } = await add("late");
    const second = informers.catchUp();
    const more = Array.from({ length: 5 }, () => informers.catchUp());
    await Promise.all([first, second, ...more]);
    expect(copy.reached(body.metadata.resourceVersion)).toBe(true);
    // One that was running, and at most two that the others share.
    expect(asked.length).toBeLessThanOrEqual(3);
  });

  it("rejects where the answer is cut off, keeps what it has read, and goes on from there", async () => {
    const informers = createCatchUpInformers({ client });
    const copy = informers.get(configmaps, { namespace: "default" });
    await informers.catchUp();
    await add("a");
    await add("b");
    const watch = client.watch.bind(client);
    let cut = true;
    const cutOff: Client["watch"] = async function* (resource, query, signal) {
      for await (const event of watch(resource, query, signal)) {
        yield event as never;
        if (cut) return;
      }
    };
    const informersOfCut = createCatchUpInformers({ client: { ...bound(client), watch: cutOff } });
    const other = informersOfCut.get(configmaps, { namespace: "default" });
    await informersOfCut.catchUp();
    await add("c");
    await add("d");
    await expect(informersOfCut.catchUp()).rejects.toThrow("could not be read to their end");
    expect([other.get("default/c"), other.get("default/d")].map((one) => one !== undefined)).toEqual([true, false]);
    cut = false;
    await informersOfCut.catchUp();
    expect(other.get("default/d")).toBeDefined();
    expect(copy.get("default/d")).toBeUndefined();
  });
});

/** A client's methods as an object's own. */
function bound(one: Client): Client {
  const { get, list, create, update, patch, delete: remove, watch, createSubresource, request } = one;
  return { get, list, create, update, patch, delete: remove, watch, createSubresource, request };
}
