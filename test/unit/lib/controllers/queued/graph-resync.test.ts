import { afterEach, describe, expect, it } from "vitest";
import { controllers } from "../../../../../lib/controllers/index.ts";
import { GraphResync, RememberingGraph } from "../../../../../lib/controllers/queued/graph-resync.ts";
import { createLiveObjectGraph } from "../../../../../lib/controllers/queued/live-object-graph.ts";
import type { Wakeup } from "../../../../../lib/controllers/queued/messages.ts";
import type { ResyncPositions } from "../../../../../lib/controllers/queued/resync.ts";
import { configmaps, leases, secrets } from "../../../../../lib/openapi/types/resources.ts";
import { type QueuedCluster, startQueuedCluster } from "../../../../support/queued-cluster.ts";

let cluster: QueuedCluster;
afterEach(() => cluster.close());

const namespace = "default";
const collector = "garbage-collector-controller";

async function start() {
  cluster = await startQueuedCluster({ controllers: controllers.filter(({ name }) => name === collector) });
  const { client, clock, mapper, server } = cluster;
  const sent: Wakeup[] = [];
  let saved: ResyncPositions = {};
  const newResync = () =>
    new GraphResync({
      client,
      graph: createLiveObjectGraph({ client, clock, ownedBy: async () => [] }),
      mapper,
      controllers: [collector],
      collections: () => server.store.collections("default"),
      glance: (names) => Promise.all(names.map((one) => server.store.revision({ cluster: "default", ...one }))),
      progress: {
        load: async () => saved,
        save: async (positions) => {
          saved = positions;
        },
      },
      send: async (wakeups) => void sent.push(...wakeups),
    });
  return { newResync, keys: () => sent.splice(0).map(({ key }) => key.split(" ").at(-1)), sent };
}

async function orphan(name: string): Promise<void> {
  const owner = await cluster.client.create(configmaps, { metadata: { name: `${name}-owner`, namespace } });
  const { uid } = owner.metadata;
  const ownerReferences = [{ apiVersion: "v1", kind: "ConfigMap", name: owner.metadata.name, uid }];
  await cluster.client.create(secrets, { metadata: { name, namespace, ownerReferences } });
  await cluster.client.delete(configmaps, { namespace, name: owner.metadata.name });
}

describe("the pass over the graph", () => {
  it("finds dependents of owners that are gone, and no others", async () => {
    const { newResync, keys } = await start();
    const owner = await cluster.client.create(configmaps, { metadata: { name: "o", namespace } });
    const reference = { apiVersion: "v1", kind: "ConfigMap", name: "o", uid: owner.metadata.uid };
    await cluster.client.create(secrets, { metadata: { name: "fine", namespace, ownerReferences: [reference] } });
    await orphan("a");
    await newResync().run();
    expect(keys()).toEqual(["default/a"]);
  });

  it("gives wake-ups that no earlier run covers", async () => {
    const { newResync, sent } = await start();
    await orphan("a");
    await newResync().run();
    expect(sent.map(({ collection, revision }) => [collection, revision])).toEqual([[undefined, undefined]]);
  });

  it("looks again only when something has changed that can matter, in whatever process", async () => {
    const { newResync, keys } = await start();
    await orphan("a");
    await newResync().run();
    keys();
    await cluster.client.create(leases, { metadata: { name: "l", namespace }, spec: {} });
    expect(await newResync().run()).toBe(0);
    await orphan("b");
    await newResync().run();
    expect(keys()).toEqual(["default/a", "default/b"]);
  });
});

it("a graph that remembers asks for each owner once, until it forgets, and again where the answer failed", async () => {
  cluster = await startQueuedCluster({ controllers: [] });
  const { client, clock } = cluster;
  let asked = 0;
  let fails = true;
  const live = createLiveObjectGraph({ client, clock, ownedBy: async () => [] });
  const graph = new RememberingGraph({
    find: async () => {
      asked++;
      if (fails) throw new Error("no");
      return undefined;
    },
    dependents: (uid) => live.dependents(uid),
    hasObjects: (resource, name) => live.hasObjects(resource, name),
    resourceOf: (apiVersion, kind) => live.resourceOf(apiVersion, kind),
    resource: (group, plural) => live.resource(group, plural),
  });
  const owner = { apiVersion: "v1", kind: "ConfigMap", name: "o", uid: "u" };
  await expect(graph.find(owner, "x")).rejects.toThrow("no");
  fails = false;
  for (let n = 0; n < 2; n++) await graph.find(owner, "x");
  await graph.find(owner, "y");
  expect(asked).toBe(3);
  graph.forget();
  await graph.find(owner, "x");
  expect(asked).toBe(4);
  expect(await graph.dependents("u")).toEqual([]);
  expect((await graph.resource("", "configmaps"))?.kind).toBe("ConfigMap");
  expect((await graph.resourceOf("v1", "Secret"))?.resource).toBe("secrets");
  expect(await graph.hasObjects(secrets, "default")).toBe(false);
});
