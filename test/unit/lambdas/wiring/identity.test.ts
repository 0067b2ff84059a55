import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, it, vi } from "vitest";
import { readEnvironment } from "../../../../lambdas/wiring/environment.ts";
import { clusterIdentity } from "../../../../lambdas/wiring/identity.ts";
import { clusterIdOf } from "../../../../lib/apimachinery/cluster-id.ts";
import { localSigner } from "../../../../lib/apiserver/authentication/signer.ts";
import { defaultIssuer } from "../../../../lib/apiserver/identity.ts";
import { stsTokens } from "../../../../lib/aws/sts-token.ts";
import { openSqliteStore } from "../../../../lib/storage/sqlite/store.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { type Principal, startSts } from "../../../support/sts.ts";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const least = {
  TABLE_NAME: "t",
  API_URL: "https://a.example/v1",
  SIGNING_KEY_PEM: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
};
const clock = new FakeClock();
const store = await openSqliteStore({ file: ":memory:", durable: false });
afterAll(() => store.close());
const place = { cluster: "blue", serverUrl: "https://a.example/v1/clusters/blue", store, clock };

const principal = (role: string, name: string): Principal => ({
  accessKeyId: `AKIA${role.toUpperCase()}`,
  secretAccessKey: "secret",
  account: "111122223333",
  arn: `arn:aws:sts::111122223333:assumed-role/${role}/${name}`,
  userId: `AROA:${name}`,
});

describe("a cluster's identity", () => {
  it("signs with the key of the environment", async () => {
    const { keys, moreTokens, moreGroups, staticTokens } = clusterIdentity(readEnvironment(least), place);
    expect(await keys[0].verificationKey()).toEqual(await localSigner(privateKey).verificationKey());
    expect({ moreTokens, moreGroups, staticTokens }).toEqual({});
  });

  it("signs with KMS, which is asked when it must", async () => {
    const { SIGNING_KEY_PEM: _, ...rest } = least;
    const environment = readEnvironment({ ...rest, SIGNING_KEY_ID: "k", AWS_REGION: "eu-west-1" });
    const { keys, moreTokens, moreGroups } = clusterIdentity(environment, place);
    expect({ keys: keys.length, moreTokens, groups: moreGroups?.length }).toEqual({ keys: 1, groups: 1 });
    const asked: string[] = [];
    const kms = createServer((request, response) => {
      asked.push(String(request.headers["x-amz-target"]));
      response.end(JSON.stringify({ PublicKey: publicKey.export({ type: "spki", format: "der" }).toString("base64") }));
    });
    await new Promise<void>((resolve) => kms.listen(0, "127.0.0.1", resolve));
    vi.stubEnv("AWS_ENDPOINT_URL", `http://127.0.0.1:${(kms.address() as AddressInfo).port}`);
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) vi.stubEnv(name, "x");
    vi.stubEnv("AWS_REGION", "eu-west-1");
    try {
      expect(await keys[0].verificationKey()).toEqual(await localSigner(privateKey).verificationKey());
      expect(asked).toEqual(["TrentService.GetPublicKey"]);
    } finally {
      vi.unstubAllEnvs();
      kms.closeAllConnections();
      await new Promise((resolve) => kms.close(resolve));
    }
    expect(() => clusterIdentity(readEnvironment(rest), place)).toThrow("SIGNING_KEY_ID is not set");
  });

  it("knows the admin and the nodes of this cluster, and serves access entries", async () => {
    const admin = principal("admin", "me");
    const node = principal("nodes", "i-1");
    const sts = await startSts([admin, node], () => clock.now());
    try {
      const environment = readEnvironment({
        ...least,
        AWS_REGION: "eu-west-1",
        ADMIN_ARN: admin.arn,
        NODE_ROLE_ARN: "arn:aws:iam::111122223333:role/nodes",
        STS_ENDPOINT: sts.url,
        ADMIN_TOKEN: "secret",
      });
      const { moreTokens, moreGroups, staticTokens } = clusterIdentity(environment, place);
      expect(moreGroups?.map(({ group }) => group)).toEqual(["access.coracle.dev"]);
      expect(staticTokens?.secret.groups).toEqual(["system:masters"]);
      const tokenOf = (who: Principal, serverUrl: string) =>
        stsTokens({
          clusterId: clusterIdOf(serverUrl),
          region: "eu-west-1",
          credentials: who,
          endpoint: sts.url,
          clock,
        }).token();
      const userOf = async (who: Principal, serverUrl = place.serverUrl, audiences: string[] = []) =>
        (await moreTokens?.[0].authenticateToken(await tokenOf(who, serverUrl), audiences))?.user;
      expect(await userOf(admin, place.serverUrl, [defaultIssuer])).toMatchObject({ groups: ["system:masters"] });
      expect(await userOf(node)).toMatchObject({ username: "system:node:i-1", groups: ["system:nodes"] });
      await expect(userOf(admin, "https://a.example/v1")).rejects.toThrow("SignatureDoesNotMatch");
    } finally {
      await sts.close();
    }
  });

  it("needs the region where IAM is asked", () => {
    const environment = readEnvironment({ ...least, ADMIN_ARN: "arn:aws:iam::111122223333:root" });
    expect(() => clusterIdentity(environment, place)).toThrow("the environment variable AWS_REGION is not set");
  });
});
