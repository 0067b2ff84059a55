import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { systemRandom } from "../../../../../../lib/apimachinery/clock.ts";
import { iamTokens } from "../../../../../../lib/apiserver/authentication/iam/iam-tokens.ts";
import { localSigner } from "../../../../../../lib/apiserver/authentication/signer.ts";
import { type ClusterServer, createClusterServer } from "../../../../../../lib/apiserver/cluster-server.ts";
import { stsTokens } from "../../../../../../lib/aws/sts-token.ts";
import { accessGroup } from "../../../../../../lib/openapi/access-group.ts";
import { openSqliteStore } from "../../../../../../lib/storage/sqlite/store.ts";
import { FakeClock } from "../../../../../support/fake-clock.ts";
import { account, session } from "../../../../../support/iam.ts";
import { type Principal, type StandInSts, startSts } from "../../../../../support/sts.ts";

const admin = session("me", "admin", "ASIAADMIN");
const dev = session("me", "dev", "ASIADEV");
const clusterId = "api.example.com/v1";
const clock = new FakeClock();
const store = await openSqliteStore({ file: ":memory:", durable: false });
const logged: string[] = [];
let sts: StandInSts;
let server: ClusterServer;

beforeAll(async () => {
  sts = await startSts([admin, dev], () => clock.now());
  server = createClusterServer({
    cluster: "default",
    store,
    clock,
    random: systemRandom,
    config: { serviceCIDRs: ["10.96.0.0/16"], nodePortRange: [30_000, 32_767] },
    keys: [localSigner(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey)],
    serverUrl: `https://${clusterId}`,
    moreGroups: [accessGroup],
    moreTokens: [
      iamTokens({
        store,
        cluster: "default",
        clusterId,
        region: "eu-west-1",
        clock,
        fetch: sts.fetch,
        adminArns: [admin.arn],
        nodeRoleArns: [],
      }),
    ],
    logError: (error, request) => logged.push(`${request} ${error instanceof Error ? error.stack : error}`),
  });
  await server.bootstrap({ address: "192.0.2.2", port: 6443 });
});
afterAll(async () => {
  server.close();
  await sts.close();
  await store.close();
});
beforeEach(() => sts.misbehave(undefined));

const tokenOf = (who: Principal) => stsTokens({ clusterId, region: "eu-west-1", credentials: who, clock }).token();

async function send(token: string, method: string, path: string, body?: object) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const request = new Request(`https://x${path}`, { method, headers, body: body && JSON.stringify(body) });
  const response = await server.fetch(request);
  const text = await response.text();
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every kind.
  return { response, text, body: JSON.parse(text) as any };
}

const review = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
const whoami = async (token: string) =>
  send(token, "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", review);

it("an admin lets others in by an access entry, and out again", async () => {
  const token = await tokenOf(dev);
  expect((await whoami(token)).response.status).toBe(401);
  const path = "/apis/access.coracle.dev/v1/accessentries";
  const entry = {
    apiVersion: "access.coracle.dev/v1",
    kind: "AccessEntry",
    metadata: { name: "devs" },
    spec: { principalArn: `arn:aws:iam::${account}:role/dev`, username: "dev:{{SessionName}}", groups: ["devs"] },
  };
  expect((await send(await tokenOf(admin), "POST", path, entry)).response.status).toBe(201);
  await clock.advance(10_000);
  expect((await whoami(token)).body.status.userInfo).toMatchObject({
    username: "dev:me",
    groups: ["devs", "system:authenticated"],
  });
  expect((await send(token, "GET", path)).response.status).toBe(403);
  await send(await tokenOf(admin), "DELETE", `${path}/devs`);
  await clock.advance(10_000);
  expect((await whoami(token)).response.status).toBe(401);
});

it("a throttled STS is a 429 that clients repeat", async () => {
  sts.misbehave((response) => response.writeHead(400).end('{"Error":{"Code":"Throttling"}}'));
  const { response, body } = await whoami(await tokenOf(admin));
  expect(response.status).toBe(429);
  expect(response.headers.get("retry-after")).toBe("1");
  expect(body).toMatchObject({ reason: "TooManyRequests", message: "sts getCallerIdentity was throttled" });
});

it("a review tells why a token is not good", async () => {
  await clock.advance(1_000);
  sts.misbehave((response) => response.writeHead(403).end('{"Error":{"Code":"ExpiredToken"}}'));
  const bad = await tokenOf(dev);
  sts.misbehave(undefined);
  const token = await tokenOf(admin);
  expect((await whoami(token)).response.status).toBe(201);
  sts.misbehave((response) => response.writeHead(403).end('{"Error":{"Code":"ExpiredToken"}}'));
  const spec = { token: bad };
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec };
  const answer = await send(token, "POST", "/apis/authentication.k8s.io/v1/tokenreviews", body);
  expect(answer.body.status.error).toBe(
    "[invalid bearer token, sts getCallerIdentity failed: error from AWS (expected 200, got 403: ExpiredToken)]",
  );
});

it("no token, signature or session is logged or answered, whatever goes wrong", async () => {
  await clock.advance(1_000);
  const token = await tokenOf(dev);
  const url = Buffer.from(token.slice("k8s-aws-v1.".length), "base64url").toString();
  const signature = new URL(url).searchParams.get("X-Amz-Signature") as string;
  const secrets = [token, signature, dev.secretAccessKey, dev.sessionToken as string];
  const encoded = (text: string) => `k8s-aws-v1.${Buffer.from(text).toString("base64url")}`;
  const tokens = [
    token,
    encoded(`${url}&Extra=1`),
    encoded(url.replace("amazonaws.com", "example.com")),
    encoded(url.replace("?", "?x")),
    `${token}x`,
  ];
  const answers: string[] = [];
  const misbehaviours = [
    undefined,
    (response: import("node:http").ServerResponse) => response.writeHead(403).end(`{"Error":{"Message":"${url}"}}`),
    (response: import("node:http").ServerResponse) => response.writeHead(500).end(url),
    (response: import("node:http").ServerResponse) => response.end(url),
    (response: import("node:http").ServerResponse) => response.destroy(),
  ];
  for (const how of misbehaviours) {
    sts.misbehave(how);
    for (const one of tokens) answers.push((await whoami(one)).text);
  }
  expect(answers).toHaveLength(25);
  for (const secret of secrets) {
    expect(answers.filter((text) => text.includes(secret))).toEqual([]);
    expect(logged.filter((text) => text.includes(secret))).toEqual([]);
  }
});
