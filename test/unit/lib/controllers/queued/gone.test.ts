/** Every real controller, woken for what is not there: the object is long gone, or never was. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { controllers } from "../../../../../lib/controllers/index.ts";
import { type QueuedCluster, startQueuedCluster } from "../../../../support/queued-cluster.ts";

let cluster: QueuedCluster;
const writes: string[] = [];

beforeAll(async () => {
  cluster = await startQueuedCluster({
    controllers,
    wrap: (client) =>
      new Proxy(client, {
        get: (target, name) => {
          const method = Reflect.get(target, name) as () => unknown;
          return (...args: unknown[]) => {
            if (["create", "update", "patch", "delete"].includes(String(name))) writes.push(String(name));
            return Reflect.apply(method, target, args);
          };
        },
      }),
  });
  await cluster.settle();
});
afterAll(() => cluster.close());

it.each(controllers.map(({ name }) => name))("%s does nothing for what is gone, and is content", async (controller) => {
  writes.length = 0;
  const before = cluster.queues.sent.length;
  for (const key of ["gone", "gone/gone", "gone/gone/gone", "apps deployments 1-2-3 gone/gone"]) {
    const outcome = await cluster.controllers.run({
      cluster: "default",
      controller,
      key,
      collection: "/x",
      revision: 1,
    });
    expect({ key, outcome, errors: cluster.errors }).toEqual({ key, outcome: "reconciled", errors: [] });
  }
  await cluster.controllers.flush();
  expect(writes).toEqual([]);
  const asked = cluster.queues.sent.slice(before);
  expect(asked.filter(({ queue }) => queue !== "delays")).toEqual([]);
});
