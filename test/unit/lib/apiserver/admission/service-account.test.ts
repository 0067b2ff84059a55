import { afterAll, beforeAll, expect, it } from "vitest";
import { type AdmissionServer, dry, pod, pods, startAdmissionServer } from "../../../../support/admission-server.ts";

let api: AdmissionServer;
beforeAll(async () => {
  api = await startAdmissionServer();
});
afterAll(() => api.close());

it("gives a pod account and token", async () => {
  const { spec } = (await api.send("POST", pods + dry, pod("p"))).body;
  expect(spec).toMatchObject({ serviceAccountName: "default", serviceAccount: "default" });
  expect(spec.containers[0].volumeMounts).toMatchObject([
    { mountPath: "/var/run/secrets/kubernetes.io/serviceaccount", name: spec.volumes[0].name, readOnly: true },
  ]);
  expect(spec.volumes[0].name).toMatch(/^kube-api-access-[a-z0-9]{5}$/);
  expect(spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds).toBe(3607);
});

it("mounts no token where the pod says so", async () => {
  const given = { automountServiceAccountToken: false };
  const { spec } = (await api.send("POST", pods + dry, pod("p", given))).body;
  expect(spec.volumes).toBeUndefined();
});

it("takes pull secrets from the account, and refuses an account that is not there", async () => {
  await api.send("POST", "/api/v1/namespaces/d/serviceaccounts", {
    metadata: { name: "puller" },
    imagePullSecrets: [{ name: "s" }],
  });
  const { spec } = (await api.send("POST", pods + dry, pod("p", { serviceAccountName: "puller" }))).body;
  expect(spec.imagePullSecrets).toEqual([{ name: "s" }]);
  const refused = await api.send("POST", pods, pod("p", { serviceAccountName: "nobody" }));
  expect(refused.body.message).toBe(
    'pods "p" is forbidden: error looking up service account d/nobody: serviceaccount "nobody" not found',
  );
});

it("limits an account's pods to the secrets that it lists", async () => {
  const annotations = { "kubernetes.io/enforce-mountable-secrets": "true" };
  await api.send("POST", "/api/v1/namespaces/d/serviceaccounts", {
    metadata: { name: "strict", annotations },
    secrets: [{ name: "ok" }],
  });
  const volume = (secretName: string) => ({
    serviceAccountName: "strict",
    volumes: [{ name: "v", secret: { secretName } }],
  });
  expect((await api.send("POST", pods + dry, pod("p", volume("ok")))).status).toBe(201);
  expect((await api.send("POST", pods + dry, pod("p", volume("no")))).body.message).toContain(
    'volume with secret.secretName="no" is not allowed because service account strict does not reference that secret',
  );
});
