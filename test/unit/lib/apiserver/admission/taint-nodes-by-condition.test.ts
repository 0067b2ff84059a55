import { afterAll, beforeAll, expect, it } from "vitest";
import { type AdmissionServer, startAdmissionServer } from "../../../../support/admission-server.ts";

let api: AdmissionServer;
beforeAll(async () => {
  api = await startAdmissionServer();
});
afterAll(() => api.close());

it("taints a new node", async () => {
  await api.send("POST", "/api/v1/nodes", { metadata: { name: "n1" } }, api.as("system:node:n1", ["system:nodes"]));
  const { body } = await api.send("GET", "/api/v1/nodes/n1");
  expect(body.spec.taints).toEqual([{ key: "node.kubernetes.io/not-ready", effect: "NoSchedule" }]);
});
