/** Messages that nobody should have sent: malformed, of things long gone, of one node about another's pods. */
import type { Client } from "../../lib/client/interface.ts";
import type { Pod } from "../../lib/openapi/types/core-v1.ts";
import { pods } from "../../lib/openapi/types/resources.ts";
import type { SimulatedCloud } from "./pipeline-cloud.ts";
import type { PipelineFaults } from "./pipeline-faults.ts";

const everyMs = 5_000;

/** Sends some as long as there are faults. `observer` is asked for what a forger would know. */
export function makeNoise(cloud: SimulatedCloud, faults: PipelineFaults, observer: Client): void {
  const { world } = cloud;
  const next = () => {
    if (world.chance(faults.noise)) void noise(cloud, observer);
    world.after(everyMs, next);
  };
  next();
}

async function noise(cloud: SimulatedCloud, observer: Client): Promise<void> {
  const { world, stream } = cloud;
  const queue = (name: string) => cloud.queues.get(name);
  const id = world.random.uuid();
  const fifo = { group: id, deduplicationId: id };
  const gone = { cluster: "default", controller: "replicaset-controller", key: "work/long-gone" };
  const at = { collection: "/pods", at: Math.floor(world.now()) };
  const park = (entries: readonly unknown[]) =>
    queue("delays")?.send([{ body: JSON.stringify({ cluster: "default", attempt: 1, entries }) }]);
  const kind = world.integer(0, 10);
  if (kind === 0) queue("controllers")?.send([{ body: "{", ...fifo }]);
  else if (kind === 1) queue("controllers")?.send([{ body: JSON.stringify({ ...gone, key: 7 }), ...fifo }]);
  else if (kind === 2) queue("controllers")?.send([{ body: JSON.stringify(gone), ...fifo }]);
  else if (kind === 3) queue("delays")?.send([{ body: JSON.stringify({ ...gone, dueAt: "soon" }) }]);
  else if (kind === 4) queue("reports")?.send([{ body: '{"items":[]}', senderId: "AROAEXAMPLE:node-0" }]);
  else if (kind === 5) queue("scheduler")?.send([{ body: "null", ...fifo }]);
  else if (kind === 6) stream.inserted({ pk: "default//pods#log#0", sk: id, t: "log", r: 1, k: "work/x", d: "{" });
  else if (kind === 7) park([7]);
  else if (kind === 8) park([{ ...at, revision: 10 ** 6 }]);
  else if (kind === 9) park([1, 2, 3].map(() => ({ ...at, revision: world.integer(1, 30) })));
  else await forge(cloud, (await observer.list(pods)).items);
}

/** A node says of another node's pod that it has failed, and once more in the other node's name. */
async function forge({ world, queues }: SimulatedCloud, all: readonly Pod[]): Promise<void> {
  const others = all.filter(({ spec }) => spec.nodeName !== undefined && spec.nodeName !== "node-0");
  if (others.length === 0) return;
  const { metadata, spec } = world.pick(others);
  const { namespace = "", name, uid } = metadata;
  const status = { phase: "Failed" as const };
  const items = [{ kind: "podStatus", namespace, name, uid, sequence: 10 ** 9, status, finished: true }];
  const report = { cluster: "default", nodeUid: uid, epoch: 10 ** 13, sequence: 1, items };
  for (const node of ["node-0", spec.nodeName]) {
    queues.get("reports")?.send([{ body: JSON.stringify({ ...report, node }), senderId: "AROAEXAMPLE:node-0" }]);
  }
}
