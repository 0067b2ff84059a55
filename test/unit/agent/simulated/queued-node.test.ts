/** Simulated nodes through queues, against a whole API core. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { QueuedNode } from "../../../../agent/simulated/queued-node.ts";
import { nodes, pods } from "../../../../lib/openapi/types/resources.ts";
import { seededRandom } from "../../../support/fake-clock.ts";
import { Cloud, nodeName } from "../transport/cloud.ts";

let cloud: Cloud;
let node: QueuedNode;

beforeEach(async () => {
  cloud = await Cloud.start();
  node = new QueuedNode({
    client: cloud.nodeClient(),
    queues: cloud.queues,
    clock: cloud.clock,
    random: seededRandom(1),
    cluster: "default",
    nodeName,
    epoch: 1,
    index: 0,
    startDelayMs: 0,
    capacity: { cpu: "4", memory: "8Gi", pods: "10" },
    onError: (error) => cloud.logs.push(String(error)),
  });
  await node.start();
  await cloud.eventually(() => expect(cloud.queues.inboxes.size).toBe(1));
});
afterEach(async () => {
  await node.stop();
  await cloud.stop();
});

const place = { namespace: "default", name: "web" };
const stored = () => cloud.admin.get(pods, place);
const ready = async () => (await stored()).status?.conditions?.find(({ type }) => type === "Ready")?.status;
const nodeReady = async () =>
  (await cloud.admin.get(nodes, { name: nodeName })).status?.conditions?.find(({ type }) => type === "Ready")?.status;

async function bind(): Promise<void> {
  const spec = { nodeName, containers: [{ name: "main", image: "app:1" }] };
  await cloud.admin.create(pods, { apiVersion: "v1", kind: "Pod", metadata: place, spec });
}

it("runs pods in state, says again that they are ready, and lets them go", async () => {
  await bind();
  await cloud.eventually(async () => expect(await ready()).toBe("True"));
  const conditions = [{ type: "Ready", status: "False" }];
  await cloud.admin.patch(pods, place, "strategic", { status: { conditions } }, { subresource: "status" });
  await cloud.eventually(async () => expect(await ready()).toBe("True"));
  expect((await stored()).status).toMatchObject({
    phase: "Running",
    containerStatuses: [{ name: "main", ready: true }],
  });
  await cloud.admin.delete(pods, place, { gracePeriodSeconds: 30 });
  await cloud.eventually(async () => expect((await cloud.admin.list(pods)).items).toEqual([]));
  expect(cloud.logs).toEqual([]);
});

it("is ready, again where the control plane had not heard of it, and made again where it was deleted", async () => {
  await cloud.eventually(async () => expect(await nodeReady()).toBe("True"));
  const unknown = { status: { conditions: [{ type: "Ready", status: "Unknown" }] } };
  await cloud.admin.patch(nodes, { name: nodeName }, "strategic", unknown, { subresource: "status" });
  await cloud.eventually(async () => expect(await nodeReady()).toBe("True"));
  const { uid } = (await cloud.admin.get(nodes, { name: nodeName })).metadata;
  await cloud.admin.delete(nodes, { name: nodeName });
  await cloud.eventually(async () =>
    expect((await cloud.admin.get(nodes, { name: nodeName })).metadata.uid).not.toBe(uid),
  );
  await bind();
  await cloud.eventually(async () => expect(await ready()).toBe("True"));
});

it("a pod that is being deleted before it ran is let go, too", async () => {
  cloud.losesNudges = true;
  await bind();
  await cloud.admin.delete(pods, place, { gracePeriodSeconds: 30 });
  cloud.losesNudges = false;
  for (const inbox of cloud.queues.inboxes.values()) inbox.nudge({ collection: "/pods", revision: 1 });
  await cloud.eventually(async () => expect((await cloud.admin.list(pods)).items).toEqual([]));
});
