import { afterAll, beforeAll, expect, it } from "vitest";
import { type AdmissionServer, startAdmissionServer } from "../../../../support/admission-server.ts";

let api: AdmissionServer;
beforeAll(async () => {
  api = await startAdmissionServer();
});
afterAll(() => api.close());

it("refuses what has no namespace, and what comes into one that goes", async () => {
  const config = { metadata: { name: "c" } };
  expect((await api.send("POST", "/api/v1/namespaces/none/configmaps", config)).body).toMatchObject({
    code: 404,
    message: 'namespaces "none" not found',
  });
  const going = await api.namespace("going");
  await api.send("DELETE", going);
  const refused = await api.send("POST", `${going}/configmaps`, config);
  expect(refused.body).toMatchObject({ code: 403, details: { causes: [{ reason: "NamespaceTerminating" }] } });
});

it("keeps the namespaces that a cluster needs", async () => {
  const { body } = await api.send("DELETE", "/api/v1/namespaces/kube-system");
  expect(body).toMatchObject({
    code: 403,
    message: 'namespaces "kube-system" is forbidden: this namespace may not be deleted',
  });
});
