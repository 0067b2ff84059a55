import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AuthenticationUnavailable } from "../../../../../../lib/apiserver/authentication/token.ts";
import { account, clusterId, deployer, Iam, principals } from "../../../../../support/iam.ts";
import { startSts } from "../../../../../support/sts.ts";

let iam: Iam;
beforeAll(async () => {
  iam = await Iam.start();
});
afterAll(() => iam.close());
beforeEach(() => iam.sts.misbehave(undefined));

describe("a token that STS does not take is refused", () => {
  const refused = "sts getCallerIdentity failed: error from AWS (expected 200, got 403";
  const later = (url: string) => {
    const date = new Date(iam.clock.now() + 1_000).toISOString().replace(/[-:]|\.\d+/g, "");
    return url.replace(/X-Amz-Date=\w+/, `X-Amz-Date=${date}`);
  };

  it.each<{ name: string; token: () => Promise<string>; code?: string }>([
    { name: "for another cluster", token: () => iam.tokenOf(deployer, { clusterId: "other.example.com/v1" }) },
    {
      name: "for another cluster of the deployment",
      token: () => iam.tokenOf(deployer, { clusterId: `${clusterId}/clusters/b` }),
    },
    { name: "signed with another key", token: () => iam.tokenOf({ ...deployer, secretAccessKey: "guessed" }) },
    { name: "with a changed signature", token: () => iam.forged((url) => url.replace(/(X-Amz-Signature=)./, "$1x")) },
    { name: "with a changed date", token: () => iam.forged(later) },
    {
      name: "for another region's host",
      token: () => iam.forged((url) => url.replace("//sts.eu-west-1.", "//sts.eu-west-2.")),
    },
    {
      name: "with another's key",
      token: () => iam.forged((url) => url.replace("ASIADEPLOYER", "ASIANODE")),
      code: "InvalidClientTokenId",
    },
    {
      name: "without its session",
      token: () => iam.forged((url) => url.replace(/&X-Amz-Security-Token=[^&]*/, "")),
      code: "InvalidClientTokenId",
    },
    {
      name: "of nobody",
      token: () => iam.tokenOf({ ...deployer, accessKeyId: "ASIANOBODY" }),
      code: "InvalidClientTokenId",
    },
  ])("$name", async ({ token, code = "SignatureDoesNotMatch" }) => {
    const before = iam.sts.calls;
    await expect(iam.authenticator().authenticateToken(await token(), [])).rejects.toThrow(`${refused}: ${code})`);
    expect(iam.sts.calls).toBe(before + 1);
  });

  it("and is asked for again, as nothing is kept of a refusal", async () => {
    const tokens = iam.authenticator();
    const token = await iam.tokenOf(deployer);
    iam.sts.misbehave((response) => response.writeHead(403).end("{}"));
    await expect(tokens.authenticateToken(token, [])).rejects.toThrow(refused);
    iam.sts.misbehave(undefined);
    expect((await tokens.authenticateToken(token, []))?.user.groups).toBeDefined();
  });
});

describe("STS that misbehaves", () => {
  const ask = async () => iam.authenticator().authenticateToken(await iam.tokenOf(deployer), []);
  const identity = (result: object) =>
    JSON.stringify({ GetCallerIdentityResponse: { GetCallerIdentityResult: { Account: account, ...result } } });

  it("by redirecting is not followed", async () => {
    const elsewhere = await startSts(principals, () => iam.clock.now());
    elsewhere.misbehave((response) => response.end(identity({ Arn: deployer.arn, UserId: deployer.userId })));
    iam.sts.misbehave((response) => response.writeHead(302, { location: elsewhere.url }).end());
    try {
      await expect(ask()).rejects.toThrow("expected 200, got 302");
      expect(elsewhere.calls).toBe(0);
    } finally {
      await elsewhere.close();
    }
  });

  it.each([
    { name: "too much", body: JSON.stringify({ x: "x".repeat(70_000) }), want: "the answer is too large" },
    { name: "no JSON", body: "<xml/>", want: "the answer is no JSON" },
    { name: "nothing", body: "{}", want: "the ARN is not an ARN" },
    { name: "null", body: "null", want: "the ARN is not an ARN" },
    { name: "another kind of ARN", body: identity({ Arn: "arn:aws:s3:::x", UserId: "x" }), want: "the ARN" },
    {
      name: "a role without a session",
      body: identity({ Arn: deployer.arn, UserId: "AROA" }),
      want: "malformed UserID",
    },
    { name: "a session with two", body: identity({ Arn: deployer.arn, UserId: "A:b:c" }), want: "malformed UserID" },
  ])("by saying $name is not believed", async ({ body, want }) => {
    iam.sts.misbehave((response) => response.end(body));
    await expect(ask()).rejects.toThrow(want);
  });

  it.each([
    { name: "throttling", status: 400, body: '{"Error":{"Code":"Throttling","Message":"Rate exceeded"}}' },
    { name: "too many requests", status: 429, body: "" },
    { name: "its own failure", status: 503, body: "" },
  ])("by $name is to be asked later", async ({ status, body }) => {
    iam.sts.misbehave((response) => response.writeHead(status).end(body));
    await expect(ask()).rejects.toThrow(AuthenticationUnavailable);
  });

  it("by silence is given up after ten seconds", async () => {
    const asked = new Promise<void>((resolve) => iam.sts.misbehave(() => resolve()));
    const answer = expect(ask()).rejects.toThrow(AuthenticationUnavailable);
    await asked;
    await iam.clock.advance(9_999);
    expect(iam.clock.sleeping).toBe(1);
    await iam.clock.advance(1);
    await answer;
  });

  it("by a connection that is dead is asked again at once, and once", async () => {
    const before = iam.sts.calls;
    iam.sts.misbehave((response) => {
      iam.sts.misbehave(undefined);
      response.destroy();
    });
    expect((await ask())?.user.groups).toEqual(["system:masters"]);
    expect(iam.sts.calls).toBe(before + 2);
    iam.sts.misbehave((response) => response.destroy());
    await iam.clock.advance(1_000);
    await expect(ask()).rejects.toThrow(AuthenticationUnavailable);
    expect(iam.sts.calls).toBe(before + 4);
  });

  it("by not being there is to be asked later", async () => {
    const gone = await startSts(principals, () => iam.clock.now());
    await gone.close();
    const asked = iam.authenticator({ fetch: gone.fetch }).authenticateToken(await iam.tokenOf(deployer), []);
    await expect(asked).rejects.toThrow(AuthenticationUnavailable);
  });
});
