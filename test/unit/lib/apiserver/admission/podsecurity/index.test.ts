import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type AdmissionServer,
  container,
  dry,
  pod,
  startAdmissionServer,
} from "../../../../../support/admission-server.ts";

let api: AdmissionServer;
beforeAll(async () => {
  api = await startAdmissionServer();
});
afterAll(() => api.close());

it("refuses what a namespace's level does not let in", async () => {
  const ns = await api.namespace("guarded");
  const label = (level: string) =>
    api.send("PATCH", ns, { metadata: { labels: { "pod-security.kubernetes.io/enforce": level } } });
  await label("baseline");
  expect((await api.send("POST", `${ns}/pods${dry}`, pod("p"))).status).toBe(201);
  const bad = { hostNetwork: true, containers: [{ ...container, securityContext: { privileged: true } }] };
  expect((await api.send("POST", `${ns}/pods`, pod("p", bad))).body.message).toBe(
    'pods "p" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true), privileged (container "c" must not set securityContext.privileged=true)',
  );
  await label("restricted");
  expect((await api.send("POST", `${ns}/pods`, pod("p"))).body.message).toBe(
    'pods "p" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  );
  await label("privileged");
  await api.send("POST", `${ns}/pods`, pod("old", bad));
  await label("restricted");
  const relabel = await api.send("PATCH", `${ns}/pods/old`, { metadata: { labels: { a: "b" } } });
  expect(relabel.status).toBe(200);
  const stored = (await api.send("GET", `${ns}/pods/old`)).body;
  stored.spec.containers[0].image = "other";
  expect((await api.send("PUT", `${ns}/pods/old`, stored)).status).toBe(403);
  const capabilities = { drop: ["ALL"] };
  const seccompProfile = { type: "RuntimeDefault" };
  const securityContext = { allowPrivilegeEscalation: false, capabilities, runAsNonRoot: true, seccompProfile };
  const good = { containers: [{ ...container, securityContext }] };
  expect((await api.send("POST", `${ns}/pods${dry}`, pod("p", good))).status).toBe(201);
});
