import { afterEach, expect, it, vi } from "vitest";
import { exitCodeAnnotation, runtimeAnnotation } from "../../../../agent/simulated/node.ts";
import { SimulatedNodes } from "../../../../agent/simulated/nodes.ts";
import { systemClock, systemRandom } from "../../../../lib/apimachinery/clock.ts";
import type { Informers } from "../../../../lib/client/informer.ts";
import { InformerStore } from "../../../../lib/client/shared-informers.ts";
import type { Pod, PodSpec } from "../../../../lib/openapi/types/core-v1.ts";
import { leases, nodes, pods } from "../../../../lib/openapi/types/resources.ts";
import { FakeApi } from "../../../support/fake-api.ts";
import { pod } from "../objects.ts";

let running: SimulatedNodes | undefined;
afterEach(() => running?.stop());

async function setUp(count = 2) {
  const api = new FakeApi(systemClock, systemRandom);
  const store = new InformerStore<Pod>();
  store.replace([], "0");
  api.listen(pods, (event) => store.apply(event as never));
  const errors: unknown[] = [];
  running = new SimulatedNodes({
    client: api,
    informers: { get: () => store } as unknown as Informers,
    clock: systemClock,
    count,
    prefix: "sim-",
    startDelayMs: 1,
    capacity: { cpu: "4", memory: "8Gi", pods: "10" },
    onError: (error) => errors.push(error),
  });
  await running.start();
  const add = (name: string, spec: Partial<PodSpec> = {}, annotations = {}) =>
    api.put(
      pods,
      pod({ nodeName: "sim-0", ...spec }, { metadata: { ...pod().metadata, name, uid: name, annotations } }),
    );
  const status = (name: string) => api.all(pods).find(({ metadata }) => metadata.name === name)?.status;
  return { api, add, status, errors };
}

it("registers ready nodes with leases", async () => {
  const { api } = await setUp();
  expect(api.all(nodes)).toMatchObject([
    {
      metadata: { name: expect.stringMatching(/^sim-/) },
      status: { allocatable: { cpu: "4" }, conditions: [{ type: "Ready", status: "True" }] },
    },
    { metadata: { name: expect.stringMatching(/^sim-/) } },
  ]);
  expect(
    api
      .all(leases)
      .map(({ metadata }) => metadata.name)
      .sort(),
  ).toEqual(["sim-0", "sim-1"]);
});

it("says again that a pod is ready where somebody has said otherwise", async () => {
  const { api, add, status } = await setUp();
  const ready = () => status("a")?.conditions?.find(({ type }) => type === "Ready")?.status;
  add("a");
  await vi.waitFor(() => expect(ready()).toBe("True"));
  const conditions = [{ type: "Ready", status: "False" as const }];
  await api.patch(
    pods,
    { namespace: "shop", name: "a" },
    "strategic",
    { status: { conditions } },
    { subresource: "status" },
  );
  await vi.waitFor(() => expect(ready()).toBe("True"));
});

it("runs pods in state: each has an address of its own", async () => {
  const { add, status } = await setUp();
  add("a");
  add("b");
  add("c", { nodeName: "sim-1" });
  add("elsewhere", { nodeName: "real" });
  await vi.waitFor(() => {
    for (const name of ["a", "b", "c"])
      expect(status(name)).toMatchObject({ phase: "Running", containerStatuses: [{ ready: true }] });
  });
  expect(new Set(["a", "b", "c"].map((name) => status(name)?.podIP)).size).toBe(3);
  expect(status("elsewhere")?.phase).toBe("Pending");
});

it.each([
  { exitCode: "0", want: "Succeeded" },
  { exitCode: "3", want: "Failed" },
])("ends a pod that says so: $want", async ({ exitCode, want }) => {
  const { add, status } = await setUp(1);
  add("a", { restartPolicy: "Never" }, { [runtimeAnnotation]: "5", [exitCodeAnnotation]: exitCode });
  await vi.waitFor(() => expect(status("a")?.phase).toBe(want));
  expect(status("a")?.containerStatuses?.[0].state?.terminated?.exitCode).toBe(Number(exitCode));
});

it("lets deleted pods go", async () => {
  const { api, add, status, errors } = await setUp(1);
  add("a");
  await vi.waitFor(() => expect(status("a")?.phase).toBe("Running"));
  await api.delete(pods, { namespace: "shop", name: "a" });
  await vi.waitFor(() => expect(api.all(pods)).toEqual([]));
  expect(errors).toEqual([]);
});
