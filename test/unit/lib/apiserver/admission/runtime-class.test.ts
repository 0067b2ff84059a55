import { afterAll, beforeAll, expect, it } from "vitest";
import { mergeTolerations } from "../../../../../lib/apiserver/admission/runtime-class.ts";
import { type AdmissionServer, dry, pod, pods, startAdmissionServer } from "../../../../support/admission-server.ts";

let api: AdmissionServer;
beforeAll(async () => {
  api = await startAdmissionServer();
});
afterAll(() => api.close());

it("gives overhead, selector and tolerations", async () => {
  const toleration = { key: "vm", operator: "Exists" };
  await api.send("POST", "/apis/node.k8s.io/v1/runtimeclasses", {
    metadata: { name: "vm" },
    handler: "vm",
    overhead: { podFixed: { cpu: "250m" } },
    scheduling: { nodeSelector: { vm: "yes" }, tolerations: [toleration] },
  });
  const { spec } = (await api.send("POST", pods + dry, pod("p", { runtimeClassName: "vm" }))).body;
  expect(spec).toMatchObject({ overhead: { cpu: "250m" }, nodeSelector: { vm: "yes" } });
  expect(spec.tolerations).toContainEqual(toleration);
  const conflict = await api.send("POST", pods, pod("p", { runtimeClassName: "vm", nodeSelector: { vm: "no" } }));
  expect(conflict.body.message).toContain("conflict: runtimeClass.scheduling.nodeSelector[vm] = yes");
  expect((await api.send("POST", pods, pod("p", { overhead: { cpu: "1" } }))).status).toBe(403);
  expect((await api.send("POST", pods, pod("p", { runtimeClassName: "none" }))).body.message).toContain(
    'RuntimeClass "none" not found',
  );
});

it("merges tolerations that cover each other", () => {
  const all = { operator: "Exists" };
  const one = { key: "a", operator: "Equal", value: "b" };
  expect(mergeTolerations([one], [all])).toEqual([all]);
  expect(mergeTolerations([one], [one])).toEqual([one]);
});
