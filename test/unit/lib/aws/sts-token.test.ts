import { expect, it } from "vitest";
import { clusterIdOf } from "../../../../lib/apimachinery/cluster-id.ts";
import { type StsTokenOptions, stsTokens } from "../../../../lib/aws/sts-token.ts";
import { FakeClock } from "../../../support/fake-clock.ts";

const credentials = { accessKeyId: "AKIA1", secretAccessKey: "secret", sessionToken: "a/b+c=" };
const urlOf = (token: string) => new URL(Buffer.from(token.slice("k8s-aws-v1.".length), "base64url").toString());
const tokens = (more: Partial<StsTokenOptions> = {}) =>
  stsTokens({ clusterId: "c", region: "eu-west-1", credentials, clock: new FakeClock(), ...more });

const after = (clock: FakeClock, ms: number) => new Date(clock.now() + ms);

it("is a request to the region's STS, with the nine parameters and the cluster signed", async () => {
  const url = urlOf(await tokens().token());
  expect(url.origin).toBe("https://sts.eu-west-1.amazonaws.com");
  const { "X-Amz-Signature": signature, ...rest } = Object.fromEntries(url.searchParams);
  expect(signature).toMatch(/^[0-9a-f]{64}$/);
  expect(rest).toEqual({
    Action: "GetCallerIdentity",
    Version: "2011-06-15",
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": "AKIA1/20260101/eu-west-1/sts/aws4_request",
    "X-Amz-Date": "20260101T000000Z",
    "X-Amz-Expires": "60",
    "X-Amz-Security-Token": "a/b+c=",
    "X-Amz-SignedHeaders": "host;x-k8s-aws-id",
  });
});

it.each([
  { region: "cn-north-1", want: "https://sts.cn-north-1.amazonaws.com.cn" },
  { region: "us-gov-west-1", want: "https://sts.us-gov-west-1.amazonaws.com" },
])("names the STS of $region", async ({ region, want }) => {
  expect(urlOf(await tokens({ region }).token()).origin).toBe(want);
});

it("names an emulator's STS, port and all", async () => {
  expect(urlOf(await tokens({ endpoint: "http://127.0.0.1:4566/" }).token()).origin).toBe("http://127.0.0.1:4566");
});

it("is used again for fourteen minutes", async () => {
  const clock = new FakeClock();
  const source = tokens({ clock });
  const first = await source.token();
  await clock.advance(14 * 60_000 - 1);
  expect(await source.token()).toBe(first);
  await clock.advance(1);
  expect(urlOf(await source.token()).searchParams.get("X-Amz-Date")).toBe("20260101T001400Z");
});

it("is not used longer than the credentials that signed it: STS refuses it then", async () => {
  const clock = new FakeClock();
  let keys = 0;
  const source = tokens({
    clock,
    credentials: async () => ({ ...credentials, accessKeyId: `AKIA${++keys}`, expiration: after(clock, 6 * 60_000) }),
  });
  const key = async () =>
    urlOf(await source.token())
      .searchParams.get("X-Amz-Credential")
      ?.split("/")[0];
  const first = await key();
  await clock.advance(5 * 60_000 - 1);
  expect(await key()).toBe(first);
  await clock.advance(1);
  expect(await key()).not.toBe(first);
});

it("is made again after a failure", async () => {
  let asked = 0;
  const source = tokens({
    credentials: async () => {
      if (asked++ === 0) throw new Error("no credentials yet");
      return credentials;
    },
  });
  await expect(source.token()).rejects.toThrow("no credentials yet");
  expect(await source.token()).toMatch(/^k8s-aws-v1\./);
});

it.each([
  ["https://abc.execute-api.eu-west-1.amazonaws.com/v1/", "abc.execute-api.eu-west-1.amazonaws.com/v1"],
  ["https://example.com/clusters/a", "example.com/clusters/a"],
  ["http://127.0.0.1:4566", "127.0.0.1:4566"],
])("the cluster under %s is %s", (url, want) => expect(clusterIdOf(url)).toBe(want));
