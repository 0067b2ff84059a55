import { afterAll, beforeAll, expect, it } from "vitest";
import { type AdmissionServer, dry, startAdmissionServer } from "../../../../support/admission-server.ts";

let api: AdmissionServer;
beforeAll(async () => {
  api = await startAdmissionServer();
});
afterAll(() => api.close());

it("gives claims the newest default class", async () => {
  const claims = "/api/v1/namespaces/d/persistentvolumeclaims";
  const classes = "/apis/storage.k8s.io/v1/storageclasses";
  const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
  const annotations = { "storageclass.kubernetes.io/is-default-class": "true" };
  await api.send("POST", classes, { metadata: { name: "fast", annotations }, provisioner: "x" });
  const { body } = await api.send("POST", claims, { metadata: { name: "a" }, spec });
  expect(body.spec.storageClassName).toBe("fast");
  const none = await api.send("POST", claims + dry, {
    metadata: { name: "b" },
    spec: { ...spec, storageClassName: "" },
  });
  expect(none.body.spec.storageClassName).toBe("");
});
