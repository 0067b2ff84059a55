import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Iam } from "../../../../../support/iam.ts";
import { changedUrls } from "./changed-urls.ts";

let iam: Iam;
beforeAll(async () => {
  iam = await Iam.start();
});
afterAll(() => iam.close());

describe("a bad token is refused without asking anybody", () => {
  it.each(changedUrls)("$name", async ({ change, want }) => {
    const before = iam.sts.calls;
    await expect(iam.authenticator().authenticateToken(await iam.forged(change), [])).rejects.toThrow(want);
    expect(iam.sts.calls).toBe(before);
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
    const token = await iam.forged((url) => url.replace(new RegExp(`([?&])${name}=[^&]*&?`), "$1"));
    const want = `missing query parameter ${JSON.stringify(name.toLowerCase())}`;
    await expect(iam.authenticator().authenticateToken(token, [])).rejects.toThrow(want);
  });

  it("too long, or no base64", async () => {
    const tokens = iam.authenticator();
    await expect(tokens.authenticateToken(`k8s-aws-v1.${"A".repeat(4086)}`, [])).rejects.toThrow("token is too large");
    await expect(tokens.authenticateToken(`k8s-aws-v1.${"A".repeat(4085)}`, [])).rejects.toThrow("malformed URL");
    await expect(tokens.authenticateToken("k8s-aws-v1.a+b", [])).rejects.toThrow("illegal base64 data");
    await expect(tokens.authenticateToken("k8s-aws-v1.", [])).rejects.toThrow("illegal base64 data");
  });

  it("of another kind is left to others", async () => {
    expect(await iam.authenticator().authenticateToken("k8s-aws-v2.AAAA", [])).toBeUndefined();
    expect(await iam.authenticator().authenticateToken("a.b.c", [])).toBeUndefined();
  });
});
