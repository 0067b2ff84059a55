import { expect, it, vi } from "vitest";
import { StatusWriter } from "../../../../agent/pods/status-writer.ts";
import { systemClock, systemRandom } from "../../../../lib/apimachinery/clock.ts";
import { newInternalError } from "../../../../lib/apimachinery/errors.ts";
import type { Pod } from "../../../../lib/openapi/types/core-v1.ts";
import { pods } from "../../../../lib/openapi/types/resources.ts";
import { FakeApi } from "../../../support/fake-api.ts";
import { pod } from "../objects.ts";

function setUp(metadata: Partial<Pod["metadata"]> = {}) {
  const api = new FakeApi(systemClock, systemRandom);
  const object = api.put(pods, pod({ nodeName: "n" }, { metadata: { ...pod().metadata, ...metadata } }));
  const errors: unknown[] = [];
  const writer = new StatusWriter({ client: api, clock: systemClock, onError: (error) => errors.push(error) });
  return { api, object, writer, errors, phase: () => api.all(pods)[0]?.status?.phase };
}

it("writes the newest status; the same one once", async () => {
  const { api, object, writer, phase } = setUp();
  for (const one of ["Pending", "Pending", "Running"])
    writer.set(object, { phase: one, startTime: "2026-01-01T00:00:00Z" });
  await vi.waitFor(() => expect(phase()).toBe("Running"));
  const { length } = api.writes;
  writer.set(object, { phase: "Running", startTime: "2026-01-01T00:00:00Z" });
  await systemClock.sleep(20);
  expect(api.writes).toHaveLength(length);
});

it("writes its word again where somebody has said otherwise since", async () => {
  const { api, object, writer } = setUp();
  const status = { phase: "Running", conditions: [{ type: "Ready", status: "True" as const }] };
  const ready = () => api.all(pods)[0]?.status?.conditions?.find(({ type }) => type === "Ready")?.status;
  writer.set(object, status);
  await vi.waitFor(() => expect(ready()).toBe("True"));
  const conditions = [{ type: "Ready", status: "False" as const }];
  const { namespace = "", name } = object.metadata;
  await api.patch(pods, { namespace, name }, "strategic", { status: { conditions } }, { subresource: "status" });
  // What the agent had seen before says nothing.
  writer.set(object, status);
  await systemClock.sleep(20);
  expect(ready()).toBe("False");
  writer.set(api.all(pods)[0] as Pod, status);
  await vi.waitFor(() => expect(ready()).toBe("True"));
});

it("tries again when the server fails", async () => {
  const { api, object, writer, errors, phase } = setUp();
  api.beforeWrite = () => {
    api.beforeWrite = undefined;
    throw newInternalError("away");
  };
  writer.set(object, { phase: "Running" });
  await vi.waitFor(() => expect(phase()).toBe("Running"));
  expect(errors).toHaveLength(1);
});

it("removes a pod that is being deleted, after its last status", async () => {
  const { api, object, writer } = setUp({ deletionTimestamp: "2026-01-01T00:00:00Z", deletionGracePeriodSeconds: 30 });
  writer.set(object, { phase: "Succeeded" });
  writer.finish(object);
  await vi.waitFor(() => expect(api.all(pods)).toEqual([]));
  expect(api.writes).toEqual(["update pods/status web", "delete pods web"]);
});

it("leaves another pod of the same name alone", async () => {
  const { api, object, writer } = setUp({ deletionTimestamp: "2026-01-01T00:00:00Z" });
  api.remove(pods, object.metadata);
  api.put(pods, pod({ nodeName: "n" }, { metadata: { ...pod().metadata, uid: "u2" } }));
  writer.set(object, { phase: "Failed" });
  writer.finish(object);
  await systemClock.sleep(30);
  expect(api.all(pods)).toMatchObject([{ metadata: { uid: "u2" }, status: { phase: "Pending" } }]);
});
