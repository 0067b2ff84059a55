import { beforeEach, describe, expect, it, vi } from "vitest";
import { reconcileBootstrap } from "../../../../lambdas/wiring/cluster.ts";
import { KeyWorker } from "../../../../lambdas/wiring/key-worker.ts";
import { Loops } from "../../../../lambdas/wiring/loops.ts";
import { schedulerName } from "../../../../lib/controllers/index.ts";
import { parseKeyMessage } from "../../../../lib/controllers/queued/messages.ts";
import { inboxAnnotation } from "../../../../lib/nodes/inbox.ts";
import { nodes, pods, serviceaccounts } from "../../../../lib/openapi/types/resources.ts";
import { CloudLoops, environment } from "../../../support/cloud-loops.ts";

let cloud: CloudLoops;

beforeEach(async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  cloud = new CloudLoops();
  await cloud.finish(reconcileBootstrap(cloud.newCluster()));
});

describe("a cluster's loops", () => {
  it("are one in a process, however many ask for them at first", async () => {
    const loops = cloud.newLoops();
    const [first, ...others] = await Promise.all(Array.from({ length: 5 }, () => loops.get("default")));
    for (const other of others) expect(other).toBe(first);
    expect(await loops.get("default")).toBe(first);
    expect(first.controllers()).toBe(first.controllers());
  });

  it("read for a first batch of many keys what one key takes", async () => {
    const requests = async (keys: number) => {
      const worker = new KeyWorker({
        loops: cloud.newLoops(),
        parse: parseKeyMessage,
        reserveMs: 0,
        clock: cloud.clock,
      });
      const Records = Array.from({ length: keys }, (_, n) => ({
        messageId: `m${n}`,
        body: JSON.stringify({ cluster: "default", controller: "deployment-controller", key: `default/gone-${n}` }),
        eventSource: "aws:sqs",
        eventSourceARN: "",
        attributes: { MessageGroupId: `g${n}` },
      }));
      cloud.requests.length = 0;
      await cloud.finish(worker.run({ Records }, 60_000));
      return cloud.requests.filter((method) => method === "query").length;
    };
    expect(await requests(8)).toBe(await requests(1));
  });

  it("send each message to its queue", async () => {
    const { outbox } = cloud.newLoops();
    await outbox.send([
      { queue: "controllers", body: "1", group: "g", deduplicationId: "d" },
      { queue: "delays", body: "2", delaySeconds: 3 },
      { queue: "scheduler", body: "3", group: "g", deduplicationId: "d" },
    ]);
    expect(cloud.sent.map(({ url, body }) => `${url} ${body}`).sort()).toEqual([
      "controllers 1",
      "delays 2",
      "scheduler 3",
    ]);
  });

  it("tell a node of a pod that is bound to it, where they have its inbox", async () => {
    const told: unknown[] = [];
    const inboxes = {
      send: async (nudges: readonly unknown[]) => {
        told.push(...nudges);
      },
    };
    const cluster = cloud.newCluster();
    const clusters = { names: ["default"], get: async () => cluster, close: async () => {} };
    const { table } = cloud.newLoops();
    const loops = new Loops(environment, clusters, undefined, { table, queues: { send: async () => {} }, inboxes });
    const annotations = { [inboxAnnotation]: "https://sqs/one" };
    const metadata = { namespace: "kube-system", name: "p" };
    const bound = async () => {
      await cloud.client.create(nodes, { metadata: { name: "one", annotations }, spec: {} });
      await cloud.client.create(serviceaccounts, { metadata: { namespace: "kube-system", name: "default" } });
      const pod = await cloud.client.create(pods, { metadata, spec: { containers: [{ name: "c", image: "i" }] } });
      const { parts } = await loops.get("default");
      // As the scheduler does.
      parts.informers.get(nodes);
      await parts.informers.catchUp([nodes]);
      const body = { apiVersion: "v1", kind: "Binding", metadata, target: { kind: "Node", name: "one" } };
      await parts.client(schedulerName).createSubresource(pods, metadata, "binding", body);
      return pod;
    };
    const { metadata: before } = await cloud.finish(bound());
    const revision = Number((await cloud.finish(cloud.client.get(pods, metadata))).metadata.resourceVersion);
    expect(revision).toBeGreaterThan(Number(before.resourceVersion));
    expect(told).toEqual([{ inbox: "https://sqs/one", nudge: { collection: "/pods", revision } }]);
  });
});
