import { afterAll, beforeAll, expect, it } from "vitest";
import { type AdmissionServer, dry, pod, pods, startAdmissionServer } from "../../../../support/admission-server.ts";

let api: AdmissionServer;
beforeAll(async () => {
  api = await startAdmissionServer();
});
afterAll(() => api.close());

it("labels a pod with its node's zone", async () => {
  await api.send("POST", "/api/v1/nodes", { metadata: { name: "z1", labels: { "topology.kubernetes.io/zone": "a" } } });
  const { body } = await api.send("POST", pods + dry, pod("p", { nodeName: "z1" }));
  expect(body.metadata.labels).toEqual({ "topology.kubernetes.io/zone": "a" });
});
