import { afterAll, beforeAll, expect, it } from "vitest";
import { type AdmissionServer, startAdmissionServer } from "../../../../support/admission-server.ts";

let api: AdmissionServer;
beforeAll(async () => {
  api = await startAdmissionServer();
});
afterAll(() => api.close());

it("keeps claims until nobody uses them", async () => {
  const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
  const claim = { metadata: { name: "a" }, spec };
  const { body } = await api.send("POST", "/api/v1/namespaces/d/persistentvolumeclaims", claim);
  expect(body.metadata.finalizers).toEqual(["kubernetes.io/pvc-protection"]);
});
