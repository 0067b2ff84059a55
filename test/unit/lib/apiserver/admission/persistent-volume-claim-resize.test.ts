import { afterAll, beforeAll, expect, it } from "vitest";
import { type AdmissionServer, startAdmissionServer } from "../../../../support/admission-server.ts";

let api: AdmissionServer;
beforeAll(async () => {
  api = await startAdmissionServer();
});
afterAll(() => api.close());

it("lets only bound claims of growing classes grow", async () => {
  const claims = "/api/v1/namespaces/d/persistentvolumeclaims";
  const classes = "/apis/storage.k8s.io/v1/storageclasses";
  const asking = (storage: string) => ({ resources: { requests: { storage } } });
  await api.send("POST", classes, { metadata: { name: "fast" }, provisioner: "x" });
  await api.send("POST", claims, {
    metadata: { name: "a" },
    spec: { accessModes: ["ReadWriteOnce"], storageClassName: "fast", ...asking("1Gi") },
  });
  const grow = { spec: asking("2Gi") };
  await api.send("PATCH", `${claims}/a/status`, { status: { phase: "Bound" } });
  expect((await api.send("PATCH", `${claims}/a`, grow)).body.message).toContain(
    "the storageclass that provisions the pvc must support resize",
  );
  await api.send("PATCH", `${classes}/fast`, { allowVolumeExpansion: true });
  expect((await api.send("PATCH", `${claims}/a`, grow)).status).not.toBe(403);
});
