import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { clusterIdOf } from "../../../../../../lib/apimachinery/cluster-id.ts";
import { type IamTokenOptions, iamTokens } from "../../../../../../lib/apiserver/authentication/iam/iam-tokens.ts";
import { AuthenticationUnavailable } from "../../../../../../lib/apiserver/authentication/token.ts";
import { stsTokens } from "../../../../../../lib/aws/sts-token.ts";
import type { AccessEntry } from "../../../../../../lib/registry/access/accessentry.ts";
import { openSqliteStore } from "../../../../../../lib/storage/sqlite/store.ts";
import { FakeClock } from "../../../../../support/fake-clock.ts";
import { type Principal, type StandInSts, startSts } from "../../../../../support/sts.ts";

const account = "111122223333";
const session = (name: string, role: string, accessKeyId: string): Principal => ({
  accessKeyId,
  secretAccessKey: `secret-of-${accessKeyId}`,
  sessionToken: `session/token+of=${accessKeyId}`,
  account,
  arn: `arn:aws:sts::${account}:assumed-role/${role}/${name}`,
  userId: `AROA${role.toUpperCase()}:${name}`,
});
const deployer = session("me@example.com", "Deployer", "ASIADEPLOYER");
const node = session("i-0123456789abcdef0", "Nodes", "ASIANODE");
const stranger = session("eve", "Stranger", "ASIASTRANGER");
const bob: Principal = {
  accessKeyId: "AKIABOB",
  secretAccessKey: "secret-of-bob",
  account,
  arn: `arn:aws:iam::${account}:user/team/bob`,
  userId: "AIDABOB",
};
const federated: Principal = {
  ...session("x", "x", "ASIAFED"),
  arn: `arn:aws:sts::${account}:federated-user/fred`,
  userId: `${account}:fred`,
};
const principals = [deployer, node, stranger, bob, federated];

const clusterId = clusterIdOf("https://abc.execute-api.eu-west-1.amazonaws.com/v1/");
const collection = { cluster: "default", group: "access.coracle.dev", resource: "accessentries" };
const clock = new FakeClock();
const store = await openSqliteStore({ file: ":memory:", durable: false });
let sts: StandInSts;
beforeAll(async () => {
  sts = await startSts(principals, () => clock.now());
});
afterAll(async () => {
  await sts.close();
  await store.close();
});
beforeEach(() => sts.misbehave(undefined));

function authenticator(more: Partial<IamTokenOptions> = {}) {
  return iamTokens({
    store,
    cluster: "default",
    clusterId,
    region: "eu-west-1",
    clock,
    fetch: sts.fetch,
    adminArns: [deployer.arn],
    nodeRoleArns: [`arn:aws:iam::${account}:role/coracle/Nodes`],
    ...more,
  });
}

const tokenOf = (who: Principal, more: { clusterId?: string; region?: string; endpoint?: string } = {}) =>
  stsTokens({ clusterId, region: "eu-west-1", credentials: who, clock, ...more }).token();

async function putEntry(name: string, spec: AccessEntry["spec"], creationTimestamp = "2026-01-01T00:00:00Z") {
  const text = () => JSON.stringify({ metadata: { name, creationTimestamp }, spec });
  const value = { text, labels: {}, fields: {}, owners: [] };
  const old = await store.get(collection, name);
  if (old) await store.update(collection, name, old.revision, value);
  else await store.create(collection, name, value);
}

describe("a good token", () => {
  it("of the deployer is the admin's", async () => {
    const identity = await authenticator().authenticateToken(await tokenOf(deployer), []);
    expect(identity).toEqual({
      audiences: ["https://kubernetes.default.svc"],
      user: {
        username: `arn:aws:sts::${account}:assumed-role/Deployer/me-example.com`,
        uid: `aws-iam-authenticator:${account}:AROADEPLOYER`,
        groups: ["system:masters"],
        extra: {
          arn: [deployer.arn],
          canonicalArn: [`arn:aws:iam::${account}:role/Deployer`],
          sessionName: ["me@example.com"],
          accessKeyId: ["ASIADEPLOYER"],
          principalId: ["AROADEPLOYER"],
          "sigs.k8s.io/aws-iam-authenticator/principalId": ["AROADEPLOYER"],
        },
      },
    });
  });

  it("of an instance is its node's, whatever entries say of its role", async () => {
    await putEntry("nodes", { principalArn: `arn:aws:iam::${account}:role/Nodes`, groups: ["system:masters"] });
    const identity = await authenticator().authenticateToken(await tokenOf(node), []);
    expect(identity?.user).toMatchObject({ username: "system:node:i-0123456789abcdef0", groups: ["system:nodes"] });
  });

  it.each(["us-east-1", "us-west-2"])("may name another region's STS: %s", async (region) => {
    const identity = await authenticator().authenticateToken(await tokenOf(deployer, { region }), []);
    expect(identity?.user.groups).toEqual(["system:masters"]);
  });

  it("may name an emulator's STS where the server is told so, and then that alone", async () => {
    const emulated = authenticator({ stsEndpoint: `${sts.url}/`, fetch });
    const token = await tokenOf(deployer, { endpoint: sts.url });
    expect((await emulated.authenticateToken(token, []))?.user.groups).toEqual(["system:masters"]);
    await expect(emulated.authenticateToken(await tokenOf(deployer), [])).rejects.toThrow("unexpected hostname");
  });

  it("is for the server's audiences only", async () => {
    const token = await tokenOf(deployer);
    expect((await authenticator({ audiences: ["a", "b"] }).authenticateToken(token, ["b", "c"]))?.audiences).toEqual([
      "b",
    ]);
    await expect(authenticator().authenticateToken(token, ["vault"])).rejects.toThrow("not for the target audiences");
  });

  it("is asked for once until it expires, and once for many requests at a time", async () => {
    const tokens = authenticator();
    const token = await tokenOf(deployer);
    const before = sts.calls;
    await Promise.all([1, 2, 3].map(() => tokens.authenticateToken(token, [])));
    await clock.advance(14 * 60_000);
    await tokens.authenticateToken(token, []);
    expect(sts.calls - before).toBe(1);
    await clock.advance(60_001);
    await expect(tokens.authenticateToken(token, [])).rejects.toThrow("X-Amz-Date parameter is expired");
  });
});

it("of many tokens the last used are remembered", async () => {
  const tokens = authenticator({ maxTokens: 2 });
  const [one, two, three] = await Promise.all(
    ["us-east-1", "us-east-2", "us-west-1"].map((region) => tokenOf(deployer, { region })),
  );
  const asks = async (token: string) => {
    const before = sts.calls;
    await tokens.authenticateToken(token, []);
    return sts.calls - before;
  };
  const calls: number[] = [];
  for (const token of [one, two, one, three, one, two]) calls.push(await asks(token));
  expect(calls).toEqual([1, 1, 0, 1, 0, 1]);
});

describe("who a token is for", () => {
  it("is what the access entries say", async () => {
    await putEntry("bob", { principalArn: bob.arn, username: "team:bob", groups: ["devs", "ops"] });
    await putEntry("deployer", { principalArn: `arn:aws:iam::${account}:role/x/deployer`, groups: ["less"] });
    await putEntry("fred", { principalArn: federated.arn });
    const tokens = authenticator();
    const userOf = async (who: Principal) => (await tokens.authenticateToken(await tokenOf(who), []))?.user;
    expect(await userOf(bob)).toMatchObject({
      username: "team:bob",
      uid: `aws-iam-authenticator:${account}:AIDABOB`,
      groups: ["devs", "ops"],
    });
    expect(await userOf(deployer)).toMatchObject({ groups: ["less"] });
    expect(await userOf(federated)).toMatchObject({ username: federated.arn, groups: [] });
    await expect(userOf(stranger)).rejects.toThrow("ARN is not mapped");
  });

  it("is looked up again after some seconds", async () => {
    const tokens = authenticator({ rememberMs: 5_000 });
    const token = await tokenOf(stranger);
    await expect(tokens.authenticateToken(token, [])).rejects.toThrow("ARN is not mapped");
    await putEntry("eve", { principalArn: `arn:aws:iam::${account}:role/STRANGER`, groups: ["guests"] });
    await clock.advance(4_999);
    await expect(tokens.authenticateToken(token, [])).rejects.toThrow("ARN is not mapped");
    await clock.advance(1);
    expect((await tokens.authenticateToken(token, []))?.user).toMatchObject({
      username: `arn:aws:sts::${account}:assumed-role/STRANGER/eve`.replace("STRANGER", "Stranger"),
      groups: ["guests"],
    });
    await putEntry("eve", { principalArn: `arn:aws:iam::${account}:role/Stranger`, type: "Node" });
    await clock.advance(5_000);
    expect((await tokens.authenticateToken(token, []))?.user.username).toBe("system:node:eve");
  });

  it("is what the older of two entries says", async () => {
    await putEntry("bob", { principalArn: bob.arn, groups: ["old"] }, "2026-01-01T00:00:00Z");
    await putEntry("a-bob", { principalArn: bob.arn, groups: ["new"] }, "2026-01-01T00:00:01Z");
    expect((await authenticator().authenticateToken(await tokenOf(bob), []))?.user.groups).toEqual(["old"]);
  });

  it("is told later where the entries cannot be read", async () => {
    let isBroken = true;
    const list: typeof store.list = async (...args) => {
      if (isBroken) throw new Error("throttled");
      return store.list(...args);
    };
    const tokens = authenticator({ store: { list } as unknown as typeof store });
    const token = await tokenOf(bob);
    await expect(tokens.authenticateToken(token, [])).rejects.toThrow(AuthenticationUnavailable);
    isBroken = false;
    expect((await tokens.authenticateToken(token, []))?.user.uid).toContain("AIDABOB");
  });

  it("is no node where the session's name is none of a node's", async () => {
    const nameless = session("Not_A.Node", "Nodes", "ASIABAD");
    const other = await startSts([nameless], () => clock.now());
    try {
      const asked = authenticator({ fetch: other.fetch }).authenticateToken(await tokenOf(nameless), []);
      await expect(asked).rejects.toThrow("the session's name is no node's");
    } finally {
      await other.close();
    }
  });
});

/** A token whose URL has been changed on the way. */
async function forged(change: (url: string) => string, who = deployer): Promise<string> {
  const url = Buffer.from((await tokenOf(who)).slice("k8s-aws-v1.".length), "base64url").toString();
  const changed = change(url);
  if (changed === url) throw new Error("nothing was changed");
  return `k8s-aws-v1.${Buffer.from(changed).toString("base64url")}`;
}

const good = "https://sts.eu-west-1.amazonaws.com/?";

describe("a bad token is refused without asking anybody", () => {
  it.each<{ name: string; change: (url: string) => string; want: string }>([
    {
      name: "another host",
      change: (url) => url.replace("sts.eu-west-1.amazonaws.com", "sts.example.com"),
      want: "unexpected hostname",
    },
    {
      name: "a host like STS's",
      change: (url) => url.replace("amazonaws.com/", "amazonaws.com.example.com/"),
      want: "unexpected hostname",
    },
    { name: "another service", change: (url) => url.replace("//sts.", "//sqs."), want: "unexpected hostname" },
    {
      name: "another partition",
      change: (url) => url.replace("sts.eu-west-1.amazonaws.com", "sts.cn-north-1.amazonaws.com.cn"),
      want: "unexpected hostname",
    },
    { name: "a port", change: (url) => url.replace(".com/", ".com:8443/"), want: "unexpected hostname" },
    { name: "a user", change: (url) => url.replace("https://", "https://sts.amazonaws.com@"), want: "unexpected" },
    {
      name: "another host behind the path",
      change: (url) => url.replace(".com/", ".com@example.com/"),
      want: "unexpected path",
    },
    {
      name: "http and a host that is STS's but for its first letter",
      change: (url) => url.replace("https://", "http://x"),
      want: 'unexpected scheme "http"',
    },
    { name: "http", change: (url) => url.replace("https:", "http:"), want: 'unexpected scheme "http"' },
    { name: "another path", change: (url) => url.replace(".com/", ".com/x"), want: "unexpected path" },
    { name: "no path", change: (url) => url.replace(".com/", ".com"), want: "unexpected path" },
    { name: "an encoded path", change: (url) => url.replace(".com/", ".com/%2e%2e/"), want: "unexpected path" },
    { name: "a backslash", change: (url) => url.replace(".com/", ".com\\"), want: "unexpected path" },
    { name: "a fragment", change: (url) => `${url}#x`, want: "malformed URL" },
    { name: "a line break", change: (url) => `${url}\r\nx: y`, want: "malformed URL" },
    { name: "no URL", change: () => "hello", want: "malformed URL" },
    {
      name: "an extra parameter",
      change: (url) => `${url}&DurationSeconds=1`,
      want: 'non-whitelisted query parameter "durationseconds"',
    },
    {
      name: "a repeated parameter",
      change: (url) => `${url}&Action=GetCallerIdentity`,
      want: 'duplicate query parameter found: "action"',
    },
    {
      name: "a parameter in two cases",
      change: (url) => `${url}&x-amz-credential=eve`,
      want: 'duplicate query parameter found: "x-amz-credential"',
    },
    {
      name: "a parameter in another encoding",
      change: (url) => `${url}&%41ction=x`,
      want: 'duplicate query parameter found: "action"',
    },
    { name: "a broken encoding", change: (url) => `${url}%gh`, want: "malformed query parameter" },
    {
      name: "another action",
      change: (url) => url.replace("GetCallerIdentity", "AssumeRole"),
      want: "unexpected action",
    },
    {
      name: "no signed cluster",
      change: (url) => url.replace("%3Bx-k8s-aws-id", ""),
      want: "client did not sign the x-k8s-aws-id header",
    },
    {
      name: "no signed host",
      change: (url) => url.replace("host%3B", ""),
      want: "client did not sign the host header",
    },
    {
      name: "a long expiry",
      change: (url) => url.replace("X-Amz-Expires=60", "X-Amz-Expires=901"),
      want: "invalid X-Amz-Expires",
    },
    {
      name: "an expiry below nought",
      change: (url) => url.replace("X-Amz-Expires=60", "X-Amz-Expires=-1"),
      want: "invalid X-Amz-Expires",
    },
    {
      name: "a date that is none",
      change: (url) => url.replace(/X-Amz-Date=\w+/, "X-Amz-Date=20261301T000000Z"),
      want: "error parsing X-Amz-Date",
    },
    {
      name: "a date in other words",
      change: (url) => url.replace(/X-Amz-Date=\w+/, "X-Amz-Date=yesterday"),
      want: "error parsing X-Amz-Date",
    },
    {
      name: "an old date",
      change: (url) => url.replace(/X-Amz-Date=\w+/, "X-Amz-Date=20250101T000000Z"),
      want: "expired",
    },
    {
      name: "a date to come",
      change: (url) => url.replace(/X-Amz-Date=\w+/, "X-Amz-Date=20990101T000000Z"),
      want: "in the future",
    },
    { name: "nothing but a host", change: () => good, want: "missing query parameter" },
  ])("$name", async ({ change, want }) => {
    const before = sts.calls;
    await expect(authenticator().authenticateToken(await forged(change), [])).rejects.toThrow(want);
    expect(sts.calls).toBe(before);
  });

  it.each([
    "Action",
    "Version",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
  ])("without %s", async (name) => {
    const token = await forged((url) => url.replace(new RegExp(`([?&])${name}=[^&]*&?`), "$1"));
    const want = `missing query parameter ${JSON.stringify(name.toLowerCase())}`;
    await expect(authenticator().authenticateToken(token, [])).rejects.toThrow(want);
  });

  it("too long, or no base64", async () => {
    const tokens = authenticator();
    await expect(tokens.authenticateToken(`k8s-aws-v1.${"A".repeat(4086)}`, [])).rejects.toThrow("token is too large");
    await expect(tokens.authenticateToken(`k8s-aws-v1.${"A".repeat(4085)}`, [])).rejects.toThrow("malformed URL");
    await expect(tokens.authenticateToken("k8s-aws-v1.a+b", [])).rejects.toThrow("illegal base64 data");
    await expect(tokens.authenticateToken("k8s-aws-v1.", [])).rejects.toThrow("illegal base64 data");
  });

  it("of another kind is left to others", async () => {
    expect(await authenticator().authenticateToken("k8s-aws-v2.AAAA", [])).toBeUndefined();
    expect(await authenticator().authenticateToken("a.b.c", [])).toBeUndefined();
  });
});

describe("a token that STS does not take is refused", () => {
  const refused = "sts getCallerIdentity failed: error from AWS (expected 200, got 403";
  const later = (url: string) => {
    const date = new Date(clock.now() + 1_000).toISOString().replace(/[-:]|\.\d+/g, "");
    return url.replace(/X-Amz-Date=\w+/, `X-Amz-Date=${date}`);
  };

  it.each<{ name: string; token: () => Promise<string>; code?: string }>([
    { name: "for another cluster", token: () => tokenOf(deployer, { clusterId: "other.example.com/v1" }) },
    {
      name: "for another cluster of the deployment",
      token: () => tokenOf(deployer, { clusterId: `${clusterId}/clusters/b` }),
    },
    { name: "signed with another key", token: () => tokenOf({ ...deployer, secretAccessKey: "guessed" }) },
    { name: "with a changed signature", token: () => forged((url) => url.replace(/(X-Amz-Signature=)./, "$1x")) },
    { name: "with a changed date", token: () => forged(later) },
    {
      name: "for another region's host",
      token: () => forged((url) => url.replace("//sts.eu-west-1.", "//sts.eu-west-2.")),
    },
    {
      name: "with another's key",
      token: () => forged((url) => url.replace("ASIADEPLOYER", "ASIANODE")),
      code: "InvalidClientTokenId",
    },
    {
      name: "without its session",
      token: () => forged((url) => url.replace(/&X-Amz-Security-Token=[^&]*/, "")),
      code: "InvalidClientTokenId",
    },
    {
      name: "of nobody",
      token: () => tokenOf({ ...deployer, accessKeyId: "ASIANOBODY" }),
      code: "InvalidClientTokenId",
    },
  ])("$name", async ({ token, code = "SignatureDoesNotMatch" }) => {
    const before = sts.calls;
    await expect(authenticator().authenticateToken(await token(), [])).rejects.toThrow(`${refused}: ${code})`);
    expect(sts.calls).toBe(before + 1);
  });

  it("and is asked for again, as nothing is kept of a refusal", async () => {
    const tokens = authenticator();
    const token = await tokenOf(deployer);
    sts.misbehave((response) => response.writeHead(403).end("{}"));
    await expect(tokens.authenticateToken(token, [])).rejects.toThrow(refused);
    sts.misbehave(undefined);
    expect((await tokens.authenticateToken(token, []))?.user.groups).toBeDefined();
  });
});

describe("STS that misbehaves", () => {
  const ask = async () => authenticator().authenticateToken(await tokenOf(deployer), []);
  const identity = (result: object) =>
    JSON.stringify({ GetCallerIdentityResponse: { GetCallerIdentityResult: { Account: account, ...result } } });

  it("by redirecting is not followed", async () => {
    const elsewhere = await startSts(principals, () => clock.now());
    elsewhere.misbehave((response) => response.end(identity({ Arn: deployer.arn, UserId: deployer.userId })));
    sts.misbehave((response) => response.writeHead(302, { location: elsewhere.url }).end());
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
    sts.misbehave((response) => response.end(body));
    await expect(ask()).rejects.toThrow(want);
  });

  it.each([
    { name: "throttling", status: 400, body: '{"Error":{"Code":"Throttling","Message":"Rate exceeded"}}' },
    { name: "too many requests", status: 429, body: "" },
    { name: "its own failure", status: 503, body: "" },
  ])("by $name is to be asked later", async ({ status, body }) => {
    sts.misbehave((response) => response.writeHead(status).end(body));
    await expect(ask()).rejects.toThrow(AuthenticationUnavailable);
  });

  it("by silence is given up after ten seconds", async () => {
    const asked = new Promise<void>((resolve) => sts.misbehave(() => resolve()));
    const answer = expect(ask()).rejects.toThrow(AuthenticationUnavailable);
    await asked;
    await clock.advance(9_999);
    expect(clock.sleeping).toBe(1);
    await clock.advance(1);
    await answer;
  });

  it("by not being there is to be asked later", async () => {
    const gone = await startSts(principals, () => clock.now());
    await gone.close();
    const asked = authenticator({ fetch: gone.fetch }).authenticateToken(await tokenOf(deployer), []);
    await expect(asked).rejects.toThrow(AuthenticationUnavailable);
  });
});

describe("the options", () => {
  it("must be principals", () => {
    expect(() => authenticator({ adminArns: ["arn:aws:s3:::bucket"] })).toThrow();
    expect(() => authenticator({ nodeRoleArns: ["nodes"] })).toThrow("is not an ARN");
  });
});
