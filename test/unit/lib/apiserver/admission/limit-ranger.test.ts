import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type AdmissionServer,
  container,
  dry,
  pod,
  startAdmissionServer,
} from "../../../../support/admission-server.ts";

let api: AdmissionServer;
beforeAll(async () => {
  api = await startAdmissionServer();
});
afterAll(() => api.close());

it("sets defaults and keeps the limits", async () => {
  const ns = await api.namespace("limited");
  const limits = [
    {
      type: "Container",
      default: { cpu: "200m" },
      defaultRequest: { cpu: "100m" },
      max: { cpu: "1" },
      maxLimitRequestRatio: { cpu: "4" },
    },
    { type: "Pod", max: { cpu: "1500m" } },
    { type: "PersistentVolumeClaim", max: { storage: "2Gi" } },
  ];
  await api.send("POST", `${ns}/limitranges`, { metadata: { name: "l" }, spec: { limits } });
  const made = await api.send("POST", `${ns}/pods${dry}`, pod("p"));
  expect(made.body.spec.containers[0].resources).toEqual({ limits: { cpu: "200m" }, requests: { cpu: "100m" } });
  expect(made.body.metadata.annotations["kubernetes.io/limit-ranger"]).toBe(
    "LimitRanger plugin set: cpu request for container c; cpu limit for container c",
  );
  const big = (cpu: string, request = cpu) => ({
    ...container,
    resources: { limits: { cpu }, requests: { cpu: request } },
  });
  const refused = async (containers: object[]) =>
    (await api.send("POST", `${ns}/pods`, pod("p", { containers }))).body.message;
  expect(await refused([big("2")])).toContain("maximum cpu usage per Container is 1, but limit is 2");
  expect(await refused([big("1", "100m")])).toContain(
    "cpu max limit to request ratio per Container is 4, but provided ratio is 10.000000",
  );
  expect(await refused([big("1"), { ...big("1"), name: "d" }])).toContain(
    "maximum cpu usage per Pod is 1500m, but limit is 2",
  );
  const claim = {
    metadata: { name: "c" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "3Gi" } } },
  };
  expect((await api.send("POST", `${ns}/persistentvolumeclaims`, claim)).body.message).toContain(
    "maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi",
  );
});
