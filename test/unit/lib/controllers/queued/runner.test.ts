import { afterEach, describe, expect, it } from "vitest";
import { newConflict } from "../../../../../lib/apimachinery/errors.ts";
import type { Controller, ControllerContext, ControllerEntry } from "../../../../../lib/controllers/controller.ts";
import { source } from "../../../../../lib/controllers/controller.ts";
import { controllers as allControllers } from "../../../../../lib/controllers/index.ts";
import { MalformedMessage, type Wakeup } from "../../../../../lib/controllers/queued/messages.ts";
import { configmaps, deployments, pods, replicasets } from "../../../../../lib/openapi/types/resources.ts";
import { type QueuedCluster, startQueuedCluster } from "../../../../support/queued-cluster.ts";

let cluster: QueuedCluster;
afterEach(() => cluster.close());

// Pods are admitted once their namespace has its service account.
const names = [
  "serviceaccount-controller",
  "deployment-controller",
  "replicaset-controller",
  "garbage-collector-controller",
];
const workloads = allControllers.filter(({ name }) => names.includes(name));

/** A controller that does what a test wants. */
function scripted(
  reconcile: (key: string, context: ControllerContext) => ReturnType<Controller["reconcile"]>,
): ControllerEntry {
  return {
    name: "scripted",
    create: (context) => ({
      name: "scripted",
      sources: [source(configmaps, ({ object, old }) => [(object ?? old)?.metadata.name ?? ""])],
      reconcile: (key) => reconcile(key, context),
    }),
  };
}

const wakeup = (more: Partial<Wakeup> = {}): Wakeup => ({
  cluster: "default",
  controller: "scripted",
  key: "k",
  ...more,
});

const web = {
  metadata: { name: "web", namespace: "default" },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "i" }] } },
  },
};

describe("queued controllers", () => {
  it("turn a Deployment into Pods, and let them go with it", async () => {
    cluster = await startQueuedCluster({ controllers: workloads });
    await cluster.settle();
    await cluster.client.create(deployments, web);
    await cluster.settle();
    expect((await cluster.all(pods, "default")).length).toBe(2);
    await cluster.client.delete(deployments, web.metadata);
    await cluster.settle();
    expect([(await cluster.all(replicasets)).length, (await cluster.all(pods)).length]).toEqual([0, 0]);
    expect(cluster.errors).toEqual([]);
  });

  it("do the same when each message meets a new process", async () => {
    cluster = await startQueuedCluster({ controllers: workloads });
    await cluster.settle();
    await cluster.client.create(deployments, web);
    for (let round = 0; round < 100; round++) {
      cluster.restart();
      await cluster.dispatch();
      const message = cluster.queues.take();
      if (message === undefined) break;
      await cluster.deliver(message);
    }
    expect((await cluster.all(pods, "default")).length).toBe(2);
  });

  it("skip what the last good run has seen, and only that", async () => {
    let runs = 0;
    let fails = false;
    const entry = scripted(async () => {
      runs++;
      if (fails) throw new Error("no");
    });
    cluster = await startQueuedCluster({ controllers: [entry] });
    const made = await cluster.client.create(configmaps, { metadata: { name: "k", namespace: "default" } });
    const revision = Number(made.metadata.resourceVersion);
    const change = { collection: "/configmaps", revision };
    expect(await cluster.controllers.run(wakeup(change))).toBe("reconciled");
    expect(await cluster.controllers.run(wakeup(change))).toBe("covered");
    expect(await cluster.controllers.run(wakeup({ ...change, key: "other" }))).toBe("reconciled");
    // Nothing is known of another collection, and a delay or a retry has no change.
    expect(await cluster.controllers.run(wakeup({ collection: "/secrets", revision: 1 }))).toBe("reconciled");
    expect(await cluster.controllers.run(wakeup())).toBe("reconciled");
    fails = true;
    expect(await cluster.controllers.run(wakeup({ ...change, revision: revision + 1 }))).toBe("retried");
    fails = false;
    expect(await cluster.controllers.run(wakeup(change))).toBe("reconciled");
    expect(runs).toBe(6);
  });

  it("send a failed reconcile on with a doubling delay, 15 minutes at most", async () => {
    cluster = await startQueuedCluster({
      controllers: [scripted(() => Promise.reject(new Error("the world is wrong")))],
    });
    const delays: unknown[] = [];
    for (const attempt of [undefined, 1, 2, 9, 10, 60]) {
      await cluster.controllers.run(wakeup(attempt === undefined ? {} : { attempt }));
      const { body, delaySeconds } = cluster.queues.sent.at(-1) ?? { body: "{}" };
      delays.push([JSON.parse(body).attempt, delaySeconds]);
    }
    expect(delays).toEqual([
      [1, 1],
      [2, 2],
      [3, 4],
      [10, 512],
      [11, 900],
      [61, 900],
    ]);
    expect(cluster.errors[0]).toBe("scripted k: the world is wrong");
  });

  it("read again after a conflict, at once", async () => {
    let conflicts = 2;
    const entry = scripted(async () => {
      if (conflicts-- > 0) throw newConflict(configmaps, "k", "stale");
    });
    cluster = await startQueuedCluster({ controllers: [entry] });
    expect(await cluster.controllers.run(wakeup())).toBe("reconciled");
    conflicts = 100;
    expect(await cluster.controllers.run(wakeup())).toBe("retried");
    expect(cluster.errors).toEqual([]);
  });

  it("keep one wake-up of later on its way for each key, and ask again once it has come", async () => {
    let afterMs = 5_000;
    cluster = await startQueuedCluster({ controllers: [scripted(async () => ({ requeueAfterMs: afterMs }))] });
    for (let n = 0; n < 3; n++) await cluster.controllers.run(wakeup({ collection: "/secrets", revision: n + 1 }));
    expect(cluster.queues.waiting.length).toBe(1);
    afterMs = 2_000;
    await cluster.controllers.run(wakeup({ collection: "/secrets", revision: 9 }));
    expect(cluster.queues.waiting.map(({ delaySeconds }) => delaySeconds)).toEqual([5, 2]);
    // What was asked for has come: it doesn't count any more, even if it is early by this process's clock.
    await cluster.controllers.run(wakeup());
    expect(cluster.queues.waiting.length).toBe(3);
  });

  it("become one of later, where several processes have asked for one each", async () => {
    cluster = await startQueuedCluster({ controllers: [scripted(async () => ({ requeueAfterMs: 60_000 }))] });
    for (let n = 0; n < 3; n++) {
      cluster.restart();
      await cluster.controllers.run(wakeup({ collection: "/secrets", revision: n + 1 }));
    }
    expect(cluster.queues.waiting.length).toBe(3);
    await cluster.clock.advance(60_000);
    for (let n = 0; n < 3; n++) {
      cluster.queues.take();
      await cluster.controllers.run(wakeup());
    }
    expect(cluster.queues.waiting.length).toBe(1);
  });

  it("run again where the wake-up of later could not be sent: the queue is full", async () => {
    let runs = 0;
    const entry = scripted(async () => {
      runs++;
      return { requeueAfterMs: 60_000 };
    });
    cluster = await startQueuedCluster({ controllers: [entry] });
    const made = await cluster.client.create(configmaps, { metadata: { name: "k", namespace: "default" } });
    const change = { collection: "/configmaps", revision: Number(made.metadata.resourceVersion) };
    cluster.queues.beforeSend = () => {
      throw new Error("the queue is full");
    };
    await expect(cluster.controllers.run(wakeup(change))).rejects.toThrow("the queue is full");
    cluster.queues.beforeSend = undefined;
    expect(await cluster.controllers.run(wakeup(change))).toBe("reconciled");
    expect([runs, cluster.queues.waiting.length]).toEqual([2, 1]);
  });

  it("note what is due in more than 15 minutes elsewhere, and do at once what is due now", async () => {
    let afterMs = 3_600_000;
    cluster = await startQueuedCluster({ controllers: [scripted(async () => ({ requeueAfterMs: afterMs }))] });
    await cluster.controllers.run(wakeup());
    expect(cluster.dueTimes.all).toEqual([{ ...wakeup(), dueAt: cluster.clock.now() + 3_600_000 }]);
    afterMs = 0;
    await cluster.controllers.run(wakeup());
    expect(cluster.queues.sent.map(({ queue }) => queue)).toEqual(["controllers"]);
  });

  it("leave mere polling to the tick", async () => {
    cluster = await startQueuedCluster({ controllers: [scripted(async () => ({ pollAfterMs: 1_000 }))] });
    await cluster.controllers.run(wakeup());
    expect(cluster.queues.sent).toEqual([]);
  });

  it("refuse what is not theirs, and fail where nothing can be sent", async () => {
    cluster = await startQueuedCluster({ controllers: [scripted(() => Promise.reject(new Error("no")))] });
    await expect(cluster.controllers.run(wakeup({ controller: "nobody" }))).rejects.toThrow(MalformedMessage);
    await expect(cluster.controllers.run(wakeup({ cluster: "other" }))).rejects.toThrow(MalformedMessage);
    cluster.queues.beforeSend = () => {
      throw new Error("the queue is full");
    };
    await expect(cluster.controllers.run(wakeup())).rejects.toThrow("the queue is full");
  });

  it("wake at once whoever is concerned by what a run creates, as the stream will", async () => {
    cluster = await startQueuedCluster({ controllers: workloads, isAhead: true });
    await cluster.settle();
    await cluster.client.create(deployments, web);
    cluster.queues.sent.length = 0;
    await cluster.controllers.run(wakeup({ controller: "deployment-controller", key: "default/web" }));
    const ahead = cluster.queues.sent.splice(0).map(({ deduplicationId }) => deduplicationId);
    const [set] = await cluster.all(replicasets);
    expect(cluster.queues.waiting.map(({ body }) => JSON.parse(body).key)).toContain(`default/${set.metadata.name}`);
    await cluster.dispatch();
    expect(cluster.queues.sent.map(({ deduplicationId }) => deduplicationId)).toEqual(expect.arrayContaining(ahead));
    await cluster.settle();
    expect((await cluster.all(pods, "default")).length).toBe(2);
    expect(cluster.errors).toEqual([]);
  });

  it("leave to the stream what they can't tell at once", async () => {
    cluster = await startQueuedCluster({ controllers: workloads, isAhead: true });
    await cluster.settle();
    await cluster.client.create(deployments, web);
    cluster.queues.beforeSend = () => {
      throw new Error("full");
    };
    const run = cluster.controllers.run(wakeup({ controller: "deployment-controller", key: "default/web" }));
    expect(await run).toBe("reconciled");
    expect(cluster.errors).toEqual(["deployment-controller default/web: full"]);
    cluster.queues.beforeSend = undefined;
    await cluster.settle();
    expect((await cluster.all(pods, "default")).length).toBe(2);
  });
});
