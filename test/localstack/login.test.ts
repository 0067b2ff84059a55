/** Who gets in, and as whom: tokens as `aws eks get-token` makes them, access entries, service accounts' tokens. */
import { createPublicKey, type JsonWebKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clusterIdOf } from "../../lib/apimachinery/cluster-id.ts";
import { output, until } from "../e2e/support/cluster.ts";
import { admin, stranger } from "./principals.ts";
import { type CloudCluster, openCluster } from "./support/cloud-cluster.ts";

describe("login", () => {
  let cluster: CloudCluster;

  beforeAll(async () => {
    cluster = await openCluster();
  }, 120_000);

  afterAll(() => cluster?.close());

  /** Asks as `curl` would. */
  const ask = (path: string, token?: string) =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      // Without an Accept header, LocalStack writes one of its own.
      const headers = { accept: "*/*", ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
      const ca = readFileSync(cluster.deployment.caFile);
      request(`${cluster.url}${path}`, { headers, ca }, (response) => {
        let body = "";
        response.on("data", (chunk) => {
          body += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      })
        .on("error", reject)
        .end();
    });

  test("coracle kubeconfig, the AWS CLI and kubectl: the deployer's role is admin", async () => {
    const args = ["--kubeconfig", cluster.kubeconfig, "--certificate-authority", cluster.deployment.caFile];
    const environment = cluster.environmentOf(admin);
    const namespaces = await output(cluster.command, [...args, "get", "namespaces", "-o", "name"], "", environment);
    expect(namespaces.stderr).toBe("");
    expect(namespaces.stdout.split("\n")).toEqual(
      expect.arrayContaining(["namespace/default", "namespace/kube-system"]),
    );
    expect(await cluster.kubectl(["auth", "can-i", "*", "*", "--all-namespaces"])).toBe("yes\n");
  }, 60_000);

  test("someone whom no entry names does not get in, until kubectl gives an entry", async () => {
    const token = await cluster.token(stranger);
    expect((await ask("/api/v1/namespaces", token)).status).toBe(401);
    await cluster.apply({
      apiVersion: "access.coracle.dev/v1",
      kind: "AccessEntry",
      metadata: { name: "strangers" },
      spec: { principalArn: "arn:aws:iam::000000000000:role/strangers", groups: ["system:masters"] },
    });
    await until("the entry to be noticed", async () => (await ask("/api/v1/namespaces", token)).status === 200);
    await cluster.kubectl(["delete", "accessentry", "strangers"]);
    await until("its end to be noticed", async () => (await ask("/api/v1/namespaces", token)).status === 401);
  }, 90_000);

  test.each([
    { name: "a token for another cluster", make: () => cluster.token(admin, "elsewhere.example/prod") },
    {
      name: "a token with a wrong secret",
      make: () => cluster.token({ ...admin, secretAccessKey: "guessed" }),
    },
    { name: "no token at all", make: async () => undefined },
  ])("refused: $name", async ({ make }) => {
    const { status } = await ask("/api/v1/namespaces", await make());
    // Without a token one is anonymous: known as nobody, and allowed nothing.
    expect(status).toBe((await make()) === undefined ? 403 : 401);
  });

  test("service accounts' tokens are signed by the KMS key, whose public half is served", async () => {
    const token = (await cluster.kubectl(["create", "token", "default"])).trim();
    const [head, claims, signature] = token.split(".");
    const { alg, kid } = JSON.parse(Buffer.from(head, "base64url").toString());
    expect(alg).toBe("RS256");
    const { iss, sub } = JSON.parse(Buffer.from(claims, "base64url").toString());
    expect(iss).toBe(cluster.url);
    expect(sub).toBe("system:serviceaccount:default:default");
    const discovery = JSON.parse((await ask("/.well-known/openid-configuration", token)).body);
    expect(discovery.issuer).toBe(cluster.url);
    expect(new URL(discovery.jwks_uri).pathname).toBe(new URL(`${cluster.url}/openid/v1/jwks`).pathname);
    const { keys } = JSON.parse((await ask("/openid/v1/jwks", token)).body) as {
      keys: (JsonWebKey & { kid: string })[];
    };
    const key = keys.find((one) => one.kid === kid);
    if (!key) throw new Error(`no key ${kid} is served`);
    const publicKey = createPublicKey({ key, format: "jwk" });
    expect(verify("sha256", Buffer.from(`${head}.${claims}`), publicKey, Buffer.from(signature, "base64url"))).toBe(
      true,
    );
    // And the API believes it.
    expect((await ask("/apis/authentication.k8s.io/v1/", token)).status).toBe(200);
    expect((await ask("/api/v1/namespaces", token)).status).toBe(403);
  }, 60_000);

  test("the cluster's id is the API's URL", () => {
    const text = readFileSync(cluster.kubeconfig, "utf8");
    expect(text).toContain(clusterIdOf(cluster.url));
    expect(text).toContain(cluster.url);
  });
});
