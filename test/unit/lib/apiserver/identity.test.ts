import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../../../support/api-server.ts";

const rbac = "/apis/rbac.authorization.k8s.io/v1";
let api: TestServer;

beforeAll(async () => {
  api = await startTestServer();
  await api.send("POST", "/api/v1/namespaces", { metadata: { name: "d" } });
  await api.send("POST", "/api/v1/namespaces/d/serviceaccounts", { metadata: { name: "default" } });
});
afterAll(() => api.close());

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function token(spec: unknown = {}): Promise<string> {
  const answer = await api.send("POST", "/api/v1/namespaces/d/serviceaccounts/default/token", { spec });
  return answer.body.status.token;
}

describe("identity", () => {
  it("lets nobody in but to public paths", async () => {
    const nobody = { authorization: "" };
    const list = await api.send("GET", "/api/v1/namespaces/d/pods", undefined, nobody);
    expect(list.status).toBe(403);
    expect(list.body.message).toContain('User "system:anonymous" cannot list resource "pods"');
    expect((await api.send("GET", "/openid/v1/jwks", undefined, nobody)).status).toBe(403);
  });

  it("refuses a token that is none", async () => {
    expect((await api.send("GET", "/api/v1/nodes", undefined, bearer("nonsense"))).status).toBe(401);
  });

  it("gives tokens that work until their account is gone", async () => {
    const one = bearer(await token());
    const refused = await api.send("GET", "/api/v1/namespaces/d/pods", undefined, one);
    expect(refused.status).toBe(403);
    expect(refused.body.message).toContain('User "system:serviceaccount:d:default"');
    await api.send("POST", "/api/v1/namespaces/d/serviceaccounts", { metadata: { name: "brief" } });
    const made = await api.send("POST", "/api/v1/namespaces/d/serviceaccounts/brief/token", { spec: {} });
    await api.send("DELETE", "/api/v1/namespaces/d/serviceaccounts/brief");
    const review = await api.send("POST", "/apis/authentication.k8s.io/v1/tokenreviews", {
      spec: { token: made.body.status.token },
    });
    expect(review.body.status.authenticated).toBeUndefined();
    expect(review.body.status.error).toContain("not found");
  });

  it("lets a grant work for the very next request, and a revocation soon", async () => {
    const one = bearer(await token());
    const see = () => api.send("GET", "/api/v1/namespaces/d/configmaps", undefined, one);
    expect((await see()).status).toBe(403);
    const rules = [{ apiGroups: [""], resources: ["configmaps"], verbs: ["list"] }];
    await api.send("POST", `${rbac}/namespaces/d/roles`, { metadata: { name: "see" }, rules });
    await api.send("POST", `${rbac}/namespaces/d/rolebindings`, {
      metadata: { name: "see" },
      roleRef: { kind: "Role", name: "see" },
      subjects: [{ kind: "ServiceAccount", name: "default" }],
    });
    expect((await see()).status).toBe(200);
    await api.send("DELETE", `${rbac}/namespaces/d/rolebindings/see`);
    await expect.poll(async () => (await see()).status).toBe(403);
  });

  it("tells verifiers its keys", async () => {
    const configuration = await api.send("GET", "/.well-known/openid-configuration");
    expect(configuration.body).toMatchObject({
      issuer: "https://kubernetes.default.svc",
      jwks_uri: "https://192.0.2.2:6443/openid/v1/jwks",
      id_token_signing_alg_values_supported: ["ES256"],
    });
    const { body } = await api.send("GET", "/openid/v1/jwks");
    const [header] = (await token()).split(".");
    const { kid } = JSON.parse(Buffer.from(header, "base64url").toString());
    expect(body.keys).toMatchObject([{ kid, kty: "EC", crv: "P-256" }]);
    expect(body.keys[0].d).toBeUndefined();
    expect((await api.send("POST", "/openid/v1/jwks", {})).status).toBe(405);
    expect((await api.send("GET", "/openid/v1/jwks", undefined, { accept: "text/plain" })).status).toBe(406);
  });

  it("binds a pod's token to the pod and its node", async () => {
    await api.send("POST", "/api/v1/nodes", { metadata: { name: "n1" } });
    const pod = await api.send("POST", "/api/v1/namespaces/d/pods", {
      metadata: { name: "p" },
      spec: { nodeName: "n1", containers: [{ name: "c", image: "i" }] },
    });
    const boundObjectRef = { kind: "Pod", apiVersion: "v1", name: "p", uid: pod.body.metadata.uid };
    const node = api.as("system:node:n1", ["system:nodes"]);
    const path = "/api/v1/namespaces/d/serviceaccounts/default/token";
    const made = await api.send("POST", path, { spec: { boundObjectRef } }, node);
    expect(made.status).toBe(201);
    const who = await api.send(
      "POST",
      "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      {},
      bearer(made.body.status.token),
    );
    expect(who.body.status.userInfo.extra).toMatchObject({
      "authentication.kubernetes.io/node-name": ["n1"],
      "authentication.kubernetes.io/pod-name": ["p"],
      "authentication.kubernetes.io/pod-uid": [pod.body.metadata.uid],
    });
    const unbound = await api.send("POST", path, { spec: {} }, node);
    expect(unbound.body.message).toContain("node requested token not bound to a pod");
    const other = await api.send(
      "POST",
      path,
      { spec: { boundObjectRef } },
      api.as("system:node:n2", ["system:nodes"]),
    );
    expect(other.body.message).toContain("no relationship found between node 'n2' and this object");
  });
});
