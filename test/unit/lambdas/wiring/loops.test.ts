import { beforeEach, describe, expect, it, vi } from "vitest";
import { reconcileBootstrap } from "../../../../lambdas/wiring/cluster.ts";
import { KeyWorker } from "../../../../lambdas/wiring/key-worker.ts";
import { parseKeyMessage } from "../../../../lib/controllers/queued/messages.ts";
import { CloudLoops } from "../../../support/cloud-loops.ts";

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
});
