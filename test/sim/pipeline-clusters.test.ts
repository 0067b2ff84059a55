/**
 * Two clusters in one deployment, on one shard of the stream: the table can't be read for the one while its changes are
 * dispatched. The other goes on as if nothing were, and the first does all that it should have done, afterwards.
 */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Client } from "../../lib/client/interface.ts";
import { deployments, pods } from "../../lib/openapi/types/resources.ts";
import { freshTable, SimulatedCloud } from "./pipeline-cloud.ts";
import { calm } from "./pipeline-faults.ts";
import type { Defects } from "./pipeline-lambdas.ts";
import { World } from "./store-world.ts";

beforeAll(() => void vi.spyOn(console, "error").mockImplementation(() => {}));
afterAll(() => vi.restoreAllMocks());

const clusters = ["default", "other"];
const fresh = freshTable(clusters);
const namespace = "default";

/** What was seen of one run; times are virtual ms, from the moment of the change. */
interface Seen {
  /** How long each change of the other cluster took until it had its pods. */
  readonly otherMs: readonly number[];
  /** How many pods the cluster in trouble had when its trouble ended. */
  readonly meanwhile: number;
  readonly afterMs: number;
  readonly failedBatches: number;
  readonly deadLetters: number;
}

async function run(seed: number, defects: Defects = {}): Promise<Seen> {
  const { table, at } = await fresh;
  const world = new World(seed);
  const faults = calm();
  let seen: Seen | undefined;
  const act = async () => {
    await world.sleep(at);
    const cloud = new SimulatedCloud({ world, faults, defects, hasResync: false, clusters, shards: 1 }, table);
    const [troubled, other] = clusters.map((name) => cloud.observerOf(name));
    await world.sleep(60_000);
    const failedBefore = cloud.stream.failures;
    faults.troubled = "default";
    await deploy(troubled);
    await deploy(other);
    const otherMs = [await untilPods(world, other, 1)];
    for (let replicas = 2; replicas < 6; replicas++) {
      await scale(troubled, replicas);
      await scale(other, replicas);
      otherMs.push(await untilPods(world, other, replicas));
    }
    await world.sleep(60_000);
    const meanwhile = (await troubled.list(pods, { namespace })).items.length;
    const failedBatches = cloud.stream.failures - failedBefore;
    faults.troubled = "";
    const afterMs = await untilPods(world, troubled, 5);
    seen = { otherMs, meanwhile, afterMs, failedBatches, deadLetters: cloud.deadLetters.length };
  };
  const acting = act();
  await world.runUntil(() => seen !== undefined, 3_600_000);
  await acting;
  return seen as unknown as Seen;
}

async function deploy(client: Client): Promise<void> {
  const labels = { app: "web" };
  await client.create(deployments, {
    metadata: { name: "web", namespace },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }] } },
    },
  });
}

const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0);

const scale = (client: Client, replicas: number) =>
  client.patch(deployments, { name: "web", namespace }, "merge", { spec: { replicas } });

async function untilPods(world: World, client: Client, want: number): Promise<number> {
  const begin = world.now();
  while ((await client.list(pods, { namespace })).items.length !== want) {
    if (world.now() - begin > 300_000) return Number.POSITIVE_INFINITY;
    await world.sleep(250);
  }
  return world.now() - begin;
}

test.each([1, 2, 3, 4, 5, 6])("a cluster whose dispatch fails keeps no other waiting (seed %i)", async (seed) => {
  const { otherMs, meanwhile, afterMs, failedBatches, deadLetters } = await run(seed);
  // The one that fails is waited for once by a process, and now and then another process takes the next batch.
  expect(sum(otherMs)).toBeLessThan(30_000);
  expect(otherMs.filter((ms) => ms > 3_000).length).toBeLessThanOrEqual(2);
  expect(meanwhile).toBe(0);
  expect(afterMs).toBeLessThan(120_000);
  expect([failedBatches, deadLetters]).toEqual([0, 0]);
});

test("where nothing can be parked, all wait: the fault is worth something", async () => {
  const { otherMs, failedBatches } = await run(1, { neverParks: true });
  expect(sum(otherMs)).toBeGreaterThan(40_000);
  expect(failedBatches).toBeGreaterThan(0);
});
