import { afterAll, beforeAll, expect, it } from "vitest";
import { type AdmissionServer, dry, pod, pods, startAdmissionServer } from "../../../../support/admission-server.ts";

let api: AdmissionServer;
beforeAll(async () => {
  api = await startAdmissionServer();
});
afterAll(() => api.close());

it("gives a pod a priority", async () => {
  const { spec } = (await api.send("POST", pods + dry, pod("p"))).body;
  expect(spec.priority).toBe(0);
});

it("resolves a class, refuses one that is not there and a priority that is another", async () => {
  const { spec } = (await api.send("POST", pods + dry, pod("p", { priorityClassName: "system-node-critical" }))).body;
  expect(spec).toMatchObject({ priority: 2000001000, preemptionPolicy: "PreemptLowerPriority" });
  expect((await api.send("POST", pods, pod("p", { priorityClassName: "none" }))).body.message).toContain(
    "no PriorityClass with name none was found",
  );
  expect((await api.send("POST", pods, pod("p", { priority: 5 }))).body.message).toContain(
    "the integer value of priority (5) must not be provided in pod spec",
  );
});

it("lets one class be the default", async () => {
  const path = "/apis/scheduling.k8s.io/v1/priorityclasses";
  await api.send("POST", path, { metadata: { name: "usual" }, value: 7, globalDefault: true });
  const second = await api.send("POST", path, { metadata: { name: "other" }, value: 8, globalDefault: true });
  expect(second.body.message).toContain("PriorityClass usual is already marked as default");
  expect((await api.send("POST", pods + dry, pod("p"))).body.spec).toMatchObject({
    priority: 7,
    priorityClassName: "usual",
  });
  await api.send("DELETE", `${path}/usual`);
});
