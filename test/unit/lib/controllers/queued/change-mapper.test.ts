import { afterEach, describe, expect, it } from "vitest";
import { newForbidden, newInternalError } from "../../../../../lib/apimachinery/errors.ts";
import { keyOf } from "../../../../../lib/apimachinery/meta.ts";
import { type ControllerEntry, ownKey, source } from "../../../../../lib/controllers/controller.ts";
import { controllers } from "../../../../../lib/controllers/index.ts";
import type { LoggedChange } from "../../../../../lib/controllers/queued/change-mapper.ts";
import { configmaps, namespaces, pods, secrets } from "../../../../../lib/openapi/types/resources.ts";
import { type QueuedCluster, startQueuedCluster } from "../../../../support/queued-cluster.ts";

let cluster: QueuedCluster;
afterEach(() => cluster.close());

const place = (name: string) => ({ metadata: { name, namespace: "default" } });

function entry(
  name: string,
  make: Partial<ReturnType<ControllerEntry["create"]>> & { sources?: never },
): ControllerEntry {
  return { name, create: () => ({ name, sources: [], reconcile: async () => {}, ...make }) };
}

/** Of a changed ConfigMap, the keys of all Secrets. */
const readsSecrets: ControllerEntry = {
  name: "reads-secrets",
  create: ({ informers }) => ({
    name: "reads-secrets",
    sources: [source(configmaps, () => informers.get(secrets).list().map(keyOf))],
    reconcile: async () => {},
  }),
};

async function changeOf(name: string): Promise<LoggedChange> {
  const object = await cluster.client.create(configmaps, place(name));
  return { resource: configmaps, revision: Number(object.metadata.resourceVersion), object };
}

describe("mapping changes to keys", () => {
  it("reads what the controllers read, as new as the change and no more", async () => {
    const asked: string[] = [];
    cluster = await startQueuedCluster({
      controllers: [readsSecrets],
      wrap: (client) =>
        new Proxy(client, {
          get: (target, name) => {
            if (name !== "list" && name !== "watch") return Reflect.get(target, name);
            return (resource: { resource: string }, ...rest: unknown[]) => {
              asked.push(`${String(name)} ${resource.resource}`);
              return Reflect.apply(Reflect.get(target, name), target, [resource, ...rest]);
            };
          },
        }),
    });
    await cluster.client.create(secrets, place("s1"));
    const first = await cluster.mapper.map([await changeOf("a"), await changeOf("b")]);
    expect(first.map(({ key }) => key)).toEqual(["default/s1"]);
    await cluster.client.create(secrets, place("s2"));
    expect((await cluster.mapper.map([await changeOf("c")])).map(({ key }) => key)).toEqual([
      "default/s1",
      "default/s2",
    ]);
    expect(asked).toEqual(["list secrets", "watch secrets"]);
  });

  it("gives one wake-up a key and collection, with the newest revision, in whatever order they come", async () => {
    const both: ControllerEntry = {
      name: "both",
      create: () => ({
        name: "both",
        sources: [source(configmaps, () => ["k"]), source(secrets, () => ["k"])],
        reconcile: async () => {},
      }),
    };
    cluster = await startQueuedCluster({ controllers: [both] });
    const object = { metadata: { ...place("a").metadata, uid: "u", resourceVersion: "1", creationTimestamp: "" } };
    const change = (resource: typeof configmaps, revision: number) => ({ resource, revision, object }) as LoggedChange;
    const changes = [change(configmaps, 9), change(configmaps, 7), change(secrets as never, 3), change(configmaps, 9)];
    expect(await cluster.mapper.map(changes)).toEqual([
      { cluster: "default", controller: "both", key: "k", collection: "/configmaps", revision: 9 },
      { cluster: "default", controller: "both", key: "k", collection: "/secrets", revision: 3 },
    ]);
  });

  it("lets a controller that can't say what a change means stop no other", async () => {
    const broken: ControllerEntry = {
      name: "broken",
      create: () => ({
        name: "broken",
        sources: [
          source(configmaps, () => {
            throw new Error("defect");
          }),
        ],
        reconcile: async () => {},
      }),
    };
    const good: ControllerEntry = {
      name: "good",
      create: () => ({ name: "good", sources: [source(configmaps, ownKey)], reconcile: async () => {} }),
    };
    const confused = entry("confused", {
      graphKeys: async () => {
        throw new TypeError("undefined is not a function");
      },
    });
    cluster = await startQueuedCluster({ controllers: [broken, confused, good] });
    const wakeups = await cluster.mapper.map([await changeOf("a")]);
    expect(wakeups.map(({ controller }) => controller)).toEqual(["good"]);
    expect(cluster.errors.map((text) => text.split(" ")[0])).toEqual(["broken", "confused"]);
  });

  it("fails where the server can't answer, so that the change comes again", async () => {
    let fails = true;
    const asking = entry("asking", {
      graphKeys: async () => {
        if (fails) throw newInternalError("the table is busy");
        return ["k"];
      },
    });
    cluster = await startQueuedCluster({ controllers: [asking] });
    const change = await changeOf("a");
    await expect(cluster.mapper.map([change])).rejects.toThrow("the table is busy");
    fails = false;
    expect((await cluster.mapper.map([change])).map(({ key }) => key)).toEqual(["k"]);
  });

  it("does not wait for what is forbidden: it will be tomorrow, too", async () => {
    const asking = entry("asking", {
      graphKeys: async () => {
        throw newForbidden(configmaps, "a", "no");
      },
    });
    cluster = await startQueuedCluster({
      controllers: [asking, readsSecrets],
      wrap: (client) =>
        new Proxy(client, {
          get: (target, name) => {
            if (name !== "list") return Reflect.get(target, name);
            return async () => {
              throw newForbidden(secrets, "", "no");
            };
          },
        }),
    });
    expect(await cluster.mapper.map([await changeOf("a")])).toEqual([]);
    expect(cluster.errors.length).toBe(2);
  });

  it.each([
    "\ud800",
    "\uffff",
    "..",
    "%",
    "x".repeat(100_000),
  ])("goes on after an owner of the name %#", async (name) => {
    cluster = await startQueuedCluster({ controllers });
    const owner = { apiVersion: "v1", kind: "ConfigMap", name, uid: "1" };
    const metadata = { ...place("a").metadata, uid: "2", ownerReferences: [owner] };
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata } as LoggedChange["object"];
    const made = await cluster.client.create(namespaces, { metadata: { name: "n" }, spec: {} });
    const keys = await cluster.mapper.map([
      { resource: configmaps, revision: 1, object },
      { resource: namespaces, revision: Number(made.metadata.resourceVersion), object: made },
    ]);
    expect(keys).toContainEqual(expect.objectContaining({ controller: "serviceaccount-controller", key: "n" }));
  });

  it("asks one controller where it is told to, and leaves out what is ignored and Events", async () => {
    const graph = entry("graph", { graphKeys: async () => ["g"] });
    cluster = await startQueuedCluster({ controllers: [readsSecrets, graph] });
    const change = await changeOf("a");
    expect((await cluster.mapper.map([change], "graph")).map(({ key }) => key)).toEqual(["g"]);
    expect(await cluster.mapper.map([change], "nobody")).toEqual([]);
    const resource = { ...configmaps, resource: "events" };
    expect(await cluster.mapper.map([{ ...change, resource }])).toEqual([]);
  });

  it("knows what the real controllers do with objects that are long gone", async () => {
    cluster = await startQueuedCluster({ controllers });
    await cluster.settle();
    await cluster.client.create(namespaces, { metadata: { name: "x" }, spec: {} });
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: "p",
        namespace: "gone",
        uid: "1",
        resourceVersion: "5",
        creationTimestamp: "2026-01-01T00:00:00Z",
        ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "r", uid: "2", controller: true }],
      },
      spec: { nodeName: "nowhere", containers: [] },
    };
    for (const change of [{ object: pod }, { old: pod }, { object: pod, old: pod }]) {
      for (const { controller, key } of await cluster.mapper.map([{ resource: pods, revision: 5, ...change }])) {
        await cluster.controllers.run({ cluster: "default", controller, key });
      }
    }
    expect(cluster.errors).toEqual([]);
  });
});
