/** `kill -9` of `coracle up` under write load: no acknowledged write is lost, and watchers go on where they were. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHttpClient, type HttpClient } from "../../lib/client/http.ts";
import { configmaps, namespaces } from "../../lib/openapi/types/resources.ts";
import { startCluster, type TestCluster, until } from "./support/cluster.ts";
import { type Acknowledged, startWriter, type Writer } from "./support/load.ts";
import { startWatcher, type Watcher } from "./support/watcher.ts";

const namespace = "load";
const kills = 20;
const writersCount = 6;
const watchersCount = 4;
/** What each life of the server acknowledges at least before it is killed. */
const acknowledgedALife = 150;

const byRevision = (a: { revision: number }, b: { revision: number }) => a.revision - b.revision;

describe("kill -9 of coracle up under write load", () => {
  let cluster: TestCluster;
  let client: HttpClient;
  let writers: Writer[] = [];
  let watchers: Watcher[] = [];
  let from = "";
  const acknowledged = (): Acknowledged[] => writers.flatMap((writer) => writer.acknowledged).sort(byRevision);

  beforeAll(async () => {
    cluster = await startCluster("--no-node", "--controllers=-*");
    client = createHttpClient({ kubeconfig: cluster.kubeconfig });
    await client.create(namespaces, { metadata: { name: namespace }, spec: {} });
    from = (await client.list(configmaps, { namespace })).resourceVersion;
  });
  afterAll(async () => {
    await Promise.all([...writers, ...watchers].map((one) => one.stop()));
    client?.close();
    await cluster?.remove();
  });

  it(`loses nothing that was acknowledged in ${kills} kills`, async () => {
    const { kubeconfig } = cluster;
    writers = Array.from({ length: writersCount }, (_, index) =>
      startWriter({ kubeconfig, namespace, name: `w${index}` }),
    );
    watchers = Array.from({ length: watchersCount }, () => startWatcher({ kubeconfig, namespace, from }));
    const count = () => writers.reduce((sum, writer) => sum + writer.acknowledged.length, 0);
    for (let kill = 0; kill < kills; kill++) {
      const before = count();
      const opened = watchers.map((watcher) => watcher.streams);
      await until("acknowledged writes", async () => count() >= before + acknowledgedALife);
      await cluster.end("SIGKILL");
      await cluster.start();
      await until("watchers to be back", async () => watchers.every(({ streams }, index) => streams > opened[index]));
    }
    const before = count();
    await until("acknowledged writes", async () => count() >= before + acknowledgedALife);
    await Promise.all(writers.map((writer) => writer.stop()));
    expect(writers.flatMap((writer) => writer.refused)).toEqual([]);
    expect(count()).toBeGreaterThanOrEqual((kills + 1) * acknowledgedALife);

    const list = await client.list(configmaps, { namespace });
    const stored = new Map(list.items.map((item) => [item.metadata.name, Number(item.data?.step)]));
    const lost = acknowledged().filter(({ name, step }) => (stored.get(name) ?? -1) < step);
    expect(lost).toEqual([]);
  }, 180_000);

  it("shows every watcher every write once, in order, at the acknowledged revision", async () => {
    const writes = acknowledged();
    const last = writes[writes.length - 1].revision;
    // One that was away all the time catches up too.
    watchers.push(startWatcher({ kubeconfig: cluster.kubeconfig, namespace, from }));
    for (const watcher of watchers) {
      await until("the last write", async () => watcher.failure !== undefined || watcher.last >= last);
      expect(watcher.failure).toBeUndefined();
      const { seen } = watcher;
      expect(seen.filter(({ revision }, index) => index > 0 && revision <= seen[index - 1].revision)).toEqual([]);
      const found = new Map(seen.map((event) => [event.revision, event]));
      const missed = writes.filter(({ revision, name, step }) => {
        const event = found.get(revision);
        return event?.name !== name || event.step !== step;
      });
      expect(missed).toEqual([]);
    }
    // What nobody acknowledged may be there or not, but alike for all.
    const upToLast = watchers.map(({ seen }) => seen.filter(({ revision }) => revision <= last));
    for (const seen of upToLast) expect(seen).toEqual(upToLast[0]);
  }, 60_000);
});
