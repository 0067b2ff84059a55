import { afterEach, beforeEach, expect, it } from "vitest";
import { createInProcessClient } from "../../../../../lib/client/in-process.ts";
import { CreatedObjects } from "../../../../../lib/controllers/queued/created-objects.ts";
import { configmaps, events } from "../../../../../lib/openapi/types/resources.ts";
import { startTestServer, type TestServer } from "../../../../support/api-server.ts";

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server.close());

it("what is created is noted once, but no Events, dry runs and failures", async () => {
  const created = new CreatedObjects();
  const user = { username: "admin", groups: ["system:masters"] };
  const client = created.noting(createInProcessClient(server.server.handle, user));
  const metadata = { name: "a", namespace: "default" };
  await client.create(configmaps, { metadata }, { dryRun: true });
  const made = await client.create(configmaps, { metadata });
  await expect(client.create(configmaps, { metadata })).rejects.toThrow("already exists");
  const involvedObject = { kind: "ConfigMap", namespace: "default", name: "a" };
  await client.create(events, { metadata, involvedObject, reason: "R", message: "m", type: "Normal" });
  expect((await client.get(configmaps, metadata)).metadata.uid).toBe(made.metadata.uid);
  expect(created.take()).toEqual([
    { resource: configmaps, revision: Number(made.metadata.resourceVersion), object: made },
  ]);
  expect(created.take()).toEqual([]);
});
