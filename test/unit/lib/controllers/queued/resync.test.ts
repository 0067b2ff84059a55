import { afterEach, describe, expect, it } from "vitest";
import { keyOf } from "../../../../../lib/apimachinery/meta.ts";
import { createCatchUpInformers } from "../../../../../lib/client/catch-up-informers.ts";
import { type Change, type ControllerEntry, source } from "../../../../../lib/controllers/controller.ts";
import { ChangeMapper } from "../../../../../lib/controllers/queued/change-mapper.ts";
import { createLiveObjectGraph } from "../../../../../lib/controllers/queued/live-object-graph.ts";
import type { Wakeup } from "../../../../../lib/controllers/queued/messages.ts";
import { Resync, type ResyncPositions, resyncParts } from "../../../../../lib/controllers/queued/resync.ts";
import { configmaps } from "../../../../../lib/openapi/types/resources.ts";
import { seededRandom } from "../../../../support/fake-clock.ts";
import { type QueuedCluster, startQueuedCluster } from "../../../../support/queued-cluster.ts";

let cluster: QueuedCluster;
afterEach(() => cluster.close());

const namespace = "default";
/** Keys say what the change was. */
const told = ({ object, old }: Change) => [
  `${old === undefined ? "-" : keyOf(old)}>${object === undefined ? "-" : keyOf(object)}`,
];
const entry: ControllerEntry = {
  name: "c",
  create: () => ({ name: "c", sources: [source(configmaps, told, { namespace })], reconcile: async () => {} }),
};

let saved: ResyncPositions;
let sent: Wakeup[];
let fails: boolean;
let glances: number;
let saves: number;
/** So many changes are too young for a glance. */
let lag: number;

async function start(): Promise<void> {
  cluster = await startQueuedCluster({ controllers: [entry] });
  saved = {};
  sent = [];
  fails = false;
  glances = 0;
  saves = 0;
  lag = 0;
}

function newResync(): Resync {
  const { client, clock, server } = cluster;
  const informers = createCatchUpInformers({ client });
  const graph = createLiveObjectGraph({ client, clock, ownedBy: async () => [] });
  const controllers = [entry];
  const random = seededRandom(1);
  const parts = { cluster: "default", controllers, client: () => client, informers, graph, clock, random };
  return new Resync({
    controllers: [{ name: "c", sources: [{ resource: configmaps }] }],
    informers,
    mapper: new ChangeMapper({ ...parts, rootCertificate: "" }),
    glance: (resources) => {
      glances++;
      return Promise.all(
        resources.map(
          async ({ group, resource }) => (await server.store.revision({ cluster: "default", group, resource })) - lag,
        ),
      );
    },
    progress: {
      load: async () => saved,
      save: async (positions) => {
        saves++;
        saved = { ...positions };
      },
    },
    send: async (wakeups) => {
      if (fails) throw new Error("full");
      sent.push(...wakeups);
    },
  });
}

const create = (name: string) => cluster.client.create(configmaps, { metadata: { name, namespace } });
async function all(resync: Resync): Promise<void> {
  for (let part = 0; part < resyncParts; part++) await resync.run(part);
}
const keys = () => sent.splice(0).map(({ key }) => key);

describe("resync", () => {
  it("tells of all at first, then of what has changed, deletions too", async () => {
    await start();
    const resync = newResync();
    await create("a");
    await create("b");
    await resync.run(0);
    expect(keys()).toEqual(["->default/a", "->default/b"]);
    await cluster.client.delete(configmaps, { namespace, name: "a" });
    await cluster.client.patch(configmaps, { namespace, name: "b" }, "merge", { data: { x: "1" } });
    await cluster.client.patch(configmaps, { namespace, name: "b" }, "merge", { data: { x: "2" } });
    await resync.run(resyncParts);
    expect(keys()).toEqual(["default/a>-", "default/b>default/b"]);
    expect(await resync.run(0)).toBe(0);
  });

  it("does nothing where nothing has changed since any process looked", async () => {
    await start();
    await create("a");
    await all(newResync());
    keys();
    const again = newResync();
    await all(again);
    expect(keys()).toEqual([]);
    // A new process does not know what was there.
    await create("b");
    await again.run(0);
    expect(keys()).toEqual(["->default/a", "->default/b"]);
  });

  it("reads revisions alone where nothing has changed, and writes its positions once a whole", async () => {
    await start();
    const resync = newResync();
    await create("a");
    await all(resync);
    expect({ glances, saves }).toEqual({ glances: 1, saves: 1 });
    await all(resync);
    expect({ glances, saves }).toEqual({ glances: 2, saves: 1 });
    await create("b");
    await all(resync);
    expect(saves).toBe(2);
  });

  it("misses nothing that a glance has not seen yet", async () => {
    await start();
    const resync = newResync();
    await create("a");
    await resync.run(0);
    keys();
    await create("b");
    lag = 1;
    expect(await resync.run(0)).toBe(0);
    await create("c");
    lag = 0;
    await resync.run(0);
    expect(keys()).toEqual(["->default/b", "->default/c"]);
  });

  it("names the change itself, which may have been seen to; of a deletion a revision that is no older", async () => {
    await start();
    const { metadata } = await create("a");
    await create("b");
    const resync = newResync();
    await resync.run(0);
    expect(sent.find(({ key }) => key.endsWith("a"))?.revision).toBe(Number(metadata.resourceVersion));
    sent.length = 0;
    await cluster.client.delete(configmaps, { namespace, name: "a" });
    const { metadata: last } = await create("c");
    await resync.run(0);
    const [deletion] = sent.filter(({ key }) => key === "default/a>-");
    expect(deletion.revision).toBeGreaterThan(Number(metadata.resourceVersion) + 1);
    expect(deletion.revision).toBeLessThanOrEqual(Number(last.resourceVersion));
  });

  it("keeps what could not be sent", async () => {
    await start();
    const resync = newResync();
    await create("a");
    await resync.run(0);
    keys();
    await cluster.client.delete(configmaps, { namespace, name: "a" });
    fails = true;
    await expect(resync.run(0)).rejects.toThrow("full");
    await create("c");
    fails = false;
    await resync.run(0);
    expect(keys()).toEqual(["default/a>-", "->default/c"]);
  });

  it("does each controller in its minute", async () => {
    await start();
    await create("a");
    const resync = newResync();
    for (let part = 1; part < resyncParts; part++) expect(await resync.run(part)).toBe(0);
    expect(await resync.run(resyncParts)).toBe(1);
  });
});
