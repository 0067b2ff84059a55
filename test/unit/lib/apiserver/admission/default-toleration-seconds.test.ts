import { afterAll, beforeAll, expect, it } from "vitest";
import { type AdmissionServer, dry, pod, pods, startAdmissionServer } from "../../../../support/admission-server.ts";

let api: AdmissionServer;
beforeAll(async () => {
  api = await startAdmissionServer();
});
afterAll(() => api.close());

it("lets a pod tolerate silent nodes", async () => {
  const { spec } = (await api.send("POST", pods + dry, pod("p"))).body;
  expect(spec.tolerations.map(({ key }: { key: string }) => key)).toEqual([
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
  ]);
});

it("leaves what the pod says itself", async () => {
  const toleration = { operator: "Exists" };
  const { spec } = (await api.send("POST", pods + dry, pod("p", { tolerations: [toleration] }))).body;
  expect(spec.tolerations).toEqual([toleration]);
});
