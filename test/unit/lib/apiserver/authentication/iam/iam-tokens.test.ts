import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { account, deployer, Iam, node, session } from "../../../../../support/iam.ts";
import { startSts } from "../../../../../support/sts.ts";

let iam: Iam;
beforeAll(async () => {
  iam = await Iam.start();
});
afterAll(() => iam.close());

describe("a good token", () => {
  it("of the deployer is the admin's", async () => {
    const identity = await iam.authenticator().authenticateToken(await iam.tokenOf(deployer), []);
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
    await iam.putEntry("nodes", { principalArn: `arn:aws:iam::${account}:role/Nodes`, groups: ["system:masters"] });
    const identity = await iam.authenticator().authenticateToken(await iam.tokenOf(node), []);
    expect(identity?.user).toMatchObject({ username: "system:node:i-0123456789abcdef0", groups: ["system:nodes"] });
  });

  it.each(["us-east-1", "us-west-2"])("may name another region's STS: %s", async (region) => {
    const identity = await iam.authenticator().authenticateToken(await iam.tokenOf(deployer, { region }), []);
    expect(identity?.user.groups).toEqual(["system:masters"]);
  });

  it("may name an emulator's STS where the server is told so, and then that alone", async () => {
    const emulated = iam.authenticator({ stsEndpoint: `${iam.sts.url}/`, fetch });
    const token = await iam.tokenOf(deployer, { endpoint: iam.sts.url });
    expect((await emulated.authenticateToken(token, []))?.user.groups).toEqual(["system:masters"]);
    await expect(emulated.authenticateToken(await iam.tokenOf(deployer), [])).rejects.toThrow("unexpected hostname");
  });

  it("is for the server's audiences only", async () => {
    const token = await iam.tokenOf(deployer);
    expect(
      (await iam.authenticator({ audiences: ["a", "b"] }).authenticateToken(token, ["b", "c"]))?.audiences,
    ).toEqual(["b"]);
    await expect(iam.authenticator().authenticateToken(token, ["vault"])).rejects.toThrow(
      "not for the target audiences",
    );
  });

  it("is asked for once until it expires, and once for many requests at a time", async () => {
    const tokens = iam.authenticator();
    const token = await iam.tokenOf(deployer);
    const before = iam.sts.calls;
    await Promise.all([1, 2, 3].map(() => tokens.authenticateToken(token, [])));
    await iam.clock.advance(14 * 60_000);
    await tokens.authenticateToken(token, []);
    expect(iam.sts.calls - before).toBe(1);
    await iam.clock.advance(60_001);
    await expect(tokens.authenticateToken(token, [])).rejects.toThrow("X-Amz-Date parameter is expired");
  });
});

it("of many tokens the last used are remembered", async () => {
  const tokens = iam.authenticator({ maxTokens: 2 });
  const [one, two, three] = await Promise.all(
    ["us-east-1", "us-east-2", "us-west-1"].map((region) => iam.tokenOf(deployer, { region })),
  );
  const asks = async (token: string) => {
    const before = iam.sts.calls;
    await tokens.authenticateToken(token, []);
    return iam.sts.calls - before;
  };
  const calls: number[] = [];
  for (const token of [one, two, one, three, one, two]) calls.push(await asks(token));
  expect(calls).toEqual([1, 1, 0, 1, 0, 1]);
});

it("is not a node's where the session's name is none of a node's", async () => {
  const nameless = session("Not_A.Node", "Nodes", "ASIABAD");
  const other = await startSts([nameless], () => iam.clock.now());
  try {
    const asked = iam.authenticator({ fetch: other.fetch }).authenticateToken(await iam.tokenOf(nameless), []);
    await expect(asked).rejects.toThrow("the session's name is no node's");
  } finally {
    await other.close();
  }
});

describe("the options", () => {
  it("must be principals", () => {
    expect(() => iam.authenticator({ adminArns: ["arn:aws:s3:::bucket"] })).toThrow();
    expect(() => iam.authenticator({ nodeRoleArns: ["nodes"] })).toThrow("is not an ARN");
  });
});
