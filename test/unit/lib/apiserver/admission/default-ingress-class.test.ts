import { afterAll, beforeAll, expect, it } from "vitest";
import { type AdmissionServer, startAdmissionServer } from "../../../../support/admission-server.ts";

let api: AdmissionServer;
beforeAll(async () => {
  api = await startAdmissionServer();
});
afterAll(() => api.close());

it("gives an Ingress the default class", async () => {
  const annotations = { "ingressclass.kubernetes.io/is-default-class": "true" };
  await api.send("POST", "/apis/networking.k8s.io/v1/ingressclasses", {
    metadata: { name: "web", annotations },
    spec: { controller: "a.b/c" },
  });
  const service = { name: "s", port: { number: 80 } };
  const path = "/apis/networking.k8s.io/v1/namespaces/d/ingresses";
  const { body } = await api.send("POST", path, { metadata: { name: "i" }, spec: { defaultBackend: { service } } });
  expect(body.spec.ingressClassName).toBe("web");
});
