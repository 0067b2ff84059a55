import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AuthenticationUnavailable } from "../../../../../../lib/apiserver/authentication/token.ts";
import { account, bob, deployer, federated, Iam, stranger } from "../../../../../support/iam.ts";
import type { Principal } from "../../../../../support/sts.ts";

let iam: Iam;
beforeAll(async () => {
  iam = await Iam.start();
});
afterAll(() => iam.close());

describe("who a token is for", () => {
  it("is what the access entries say", async () => {
    await iam.putEntry("bob", { principalArn: bob.arn, username: "team:bob", groups: ["devs", "ops"] });
    await iam.putEntry("deployer", { principalArn: `arn:aws:iam::${account}:role/x/deployer`, groups: ["less"] });
    await iam.putEntry("fred", { principalArn: federated.arn });
    const tokens = iam.authenticator();
    const userOf = async (who: Principal) => (await tokens.authenticateToken(await iam.tokenOf(who), []))?.user;
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
    const tokens = iam.authenticator({ rememberMs: 5_000 });
    const token = await iam.tokenOf(stranger);
    await expect(tokens.authenticateToken(token, [])).rejects.toThrow("ARN is not mapped");
    await iam.putEntry("eve", { principalArn: `arn:aws:iam::${account}:role/STRANGER`, groups: ["guests"] });
    await iam.clock.advance(4_999);
    await expect(tokens.authenticateToken(token, [])).rejects.toThrow("ARN is not mapped");
    await iam.clock.advance(1);
    expect((await tokens.authenticateToken(token, []))?.user).toMatchObject({
      username: `arn:aws:sts::${account}:assumed-role/STRANGER/eve`.replace("STRANGER", "Stranger"),
      groups: ["guests"],
    });
    await iam.putEntry("eve", { principalArn: `arn:aws:iam::${account}:role/Stranger`, type: "Node" });
    await iam.clock.advance(5_000);
    expect((await tokens.authenticateToken(token, []))?.user.username).toBe("system:node:eve");
  });

  it.each([
    { name: "the older", first: ["z", "2026-01-01T00:00:00Z"], second: ["a", "2026-01-01T00:00:01Z"] },
    { name: "of two as old, the one whose name comes first", first: ["a"], second: ["z"] },
  ])("is what one of two entries says, always the same: $name", async ({ first, second }) => {
    const entry = ([name, creationTimestamp = "2026-01-01T00:00:00Z"]: string[]) => {
      const spec = { principalArn: bob.arn, groups: [name] };
      return { text: JSON.stringify({ metadata: { name, creationTimestamp }, spec }) };
    };
    for (const items of [
      [entry(first), entry(second)],
      [entry(second), entry(first)],
    ]) {
      const store = { list: async () => ({ items }) } as unknown as typeof iam.store;
      const identity = await iam.authenticator({ store }).authenticateToken(await iam.tokenOf(bob), []);
      expect(identity?.user.groups).toEqual([first[0]]);
    }
  });

  it("is told though another entry makes no sense", async () => {
    const entries = [{ principalArn: "arn:aws-new:iam::1:role/x" }, { principalArn: bob.arn, groups: ["devs"] }];
    const items = entries.map((spec, index) => ({
      text: JSON.stringify({ metadata: { name: `e${index}`, creationTimestamp: "2026-01-01T00:00:00Z" }, spec }),
    }));
    const store = { list: async () => ({ items }) } as unknown as typeof iam.store;
    const identity = await iam.authenticator({ store }).authenticateToken(await iam.tokenOf(bob), []);
    expect(identity?.user.groups).toEqual(["devs"]);
  });

  it("is told later where the entries cannot be read", async () => {
    let isBroken = true;
    const list: typeof iam.store.list = async (...args) => {
      if (isBroken) throw new Error("throttled");
      return iam.store.list(...args);
    };
    const tokens = iam.authenticator({ store: { list } as unknown as typeof iam.store });
    const token = await iam.tokenOf(bob);
    await expect(tokens.authenticateToken(token, [])).rejects.toThrow(AuthenticationUnavailable);
    isBroken = false;
    expect((await tokens.authenticateToken(token, []))?.user.uid).toContain("AIDABOB");
  });
});
