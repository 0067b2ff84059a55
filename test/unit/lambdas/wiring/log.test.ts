/** No credential and no Secret's content is in the log, whatever fails. */
import { generateKeyPairSync } from "node:crypto";
import { inspect } from "node:util";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { Answerer, bufferedLimits } from "../../../../lambdas/wiring/answer.ts";
import type { CloudCluster } from "../../../../lambdas/wiring/cluster.ts";
import { logError } from "../../../../lambdas/wiring/log.ts";
import { systemClock } from "../../../../lib/apimachinery/clock.ts";
import { iamTokens } from "../../../../lib/apiserver/authentication/iam/iam-tokens.ts";
import { localSigner } from "../../../../lib/apiserver/authentication/signer.ts";
import { createClusterServer } from "../../../../lib/apiserver/cluster-server.ts";
import { DynamoStore } from "../../../../lib/aws/dynamodb/store.ts";
import { seededRandom } from "../../../support/fake-clock.ts";
import { memoryTable } from "../../../support/memory-table.ts";

const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
const lines = () => inspect(logged.mock.calls, { depth: 9, maxStringLength: null, breakLength: 1_000 });
beforeEach(() => void logged.mockClear());

describe("an error", () => {
  it("is a line: where, its name and message, and its stack", () => {
    logError(new RangeError("so far\nand no further"), "here");
    const [[line]] = logged.mock.calls;
    expect(line).toMatchObject({ where: "here", error: "RangeError", message: "so far\nand no further" });
    expect(line.stack).toMatch(/^RangeError: so far\nand no further\n\s+at .*log\.test\.ts/);
    logError("no error at all", "here");
    expect(lines()).toContain("no error at all");
  });

  it("of a parser does not quote what it has read", () => {
    for (const text of ["hunter2", '{"a":hunter2}']) {
      try {
        JSON.parse(text);
      } catch (error) {
        expect((error as Error).message).toContain("hunter2");
        logError(error, "here");
      }
    }
    expect(logged).toHaveBeenCalledTimes(2);
    expect(lines()).toContain("SyntaxError");
    expect(lines()).not.toContain("hunter2");
  });

  it.each([
    "Failed to parse URL from https://sts.example/?X-Amz-Signature=hunter2&X-Amz-Expires=60",
    "GET https://sts.example/?Action=x&X-Amz-Security-Token=hunter2",
    "GET https://sts.example/?X-Amz-Credential=hunter2%2F20260101",
    'the header "Authorization: Bearer hunter2" is too long',
    "authorization: basic hunter2",
    "the token k8s-aws-v1.hunter2 is none",
    "the token eyJhbGciOiJSUzI1NiJ9.hunter2.hunter2 is none",
    "the token eyJhbGciOiJSUzI1NiJ9.hunter2 is none",
  ])("that quotes what lets somebody in loses that: %s", (message) => {
    logError(new Error(message), "here");
    expect(lines()).not.toContain("hunter2");
    expect(lines()).toContain(message.slice(0, 5));
  });
});

describe("a request", () => {
  const table = memoryTable();
  const admin = { username: "admin", groups: ["system:masters"] };
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const serverUrl = "https://api.test";
  const random = seededRandom(1);
  const store = new DynamoStore(table, { clock: systemClock, random });
  const asked: string[] = [];
  const api = createClusterServer({
    cluster: "default",
    store,
    clock: systemClock,
    random,
    config: { serviceCIDRs: ["10.96.0.0/16"], nodePortRange: [30_000, 32_767] },
    keys: [localSigner(privateKey)],
    serverUrl,
    staticTokens: { "right-token": admin },
    moreTokens: [
      iamTokens({
        store,
        cluster: "default",
        clusterId: "api.test",
        region: "eu-central-1",
        clock: systemClock,
        fetch: async (url) => {
          asked.push(String(url));
          throw new TypeError(`Failed to parse URL from ${url}`);
        },
        adminArns: [],
        nodeRoleArns: [],
      }),
    ],
    caches: "on use",
    logError,
  });
  const clusters = { names: ["default"], get: async () => ({ api }) as unknown as CloudCluster, close: async () => {} };
  beforeAll(() => api.bootstrap({ port: 443 }));
  const answerer = new Answerer(clusters, bufferedLimits);
  const send = async (method: string, path: string, token: string, body?: object | string, headers = {}) => {
    const event = {
      httpMethod: method,
      path,
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json", ...headers },
      body: typeof body === "object" ? JSON.stringify(body) : (body ?? null),
    };
    const answer = await answerer.buffered(event, { getRemainingTimeInMillis: () => 60_000 });
    return answer.statusCode;
  };
  const path = "/api/v1/namespaces/default/secrets";
  const word = Buffer.from("top-secret-word").toString("base64");
  const secret = (name: string, more: object = {}) => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name },
    data: { word },
    ...more,
  });
  const expectSilence = () => {
    for (const content of ["top-secret-word", word, word.slice(0, 10), "hunter2", "Zm9vYmFy"]) {
      expect(lines()).not.toContain(content);
    }
  };

  /** As `aws eks get-token` makes it, signed with nothing. */
  function iamToken(): string {
    const date = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
    const query = new URLSearchParams({
      Action: "GetCallerIdentity",
      Version: "2011-06-15",
      "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
      "X-Amz-Credential": `AKIAEXAMPLE/${date.slice(0, 8)}/eu-central-1/sts/aws4_request`,
      "X-Amz-Date": date,
      "X-Amz-Expires": "60",
      "X-Amz-SignedHeaders": "host;x-k8s-aws-id",
      "X-Amz-Signature": "hunter2",
    });
    return `k8s-aws-v1.${Buffer.from(`https://sts.eu-central-1.amazonaws.com/?${query}`).toString("base64url")}`;
  }

  it("with a bad token, of whichever sort, says nothing of it", async () => {
    const jwt = `${Buffer.from('{"alg":"ES256"}').toString("base64url")}.${Buffer.from('{"hunter2":1}').toString("base64url")}.Zm9vYmFy`;
    for (const token of ["hunter2", "k8s-aws-v1.hunter2", `${jwt}`, jwt.replace("eyJ", "eyK"), `\u0000hunter2`]) {
      expect(await send("GET", path, token)).toBe(401);
    }
    // AWS can't be asked, and who asks quotes the signed URL.
    expect([401, 429]).toContain(await send("GET", path, iamToken()));
    expect(asked.join()).toContain("X-Amz-Signature=hunter2");
    expectSilence();
    expect(lines()).not.toContain("hunter2");
  });

  it("that can't write a Secret says nothing of what is in it", async () => {
    expect(await send("POST", path, "right-token", secret("bad", { data: { word: "top-secret-word" } }))).toBe(400);
    expect(await send("POST", path, "right-token", secret("Bad Name"))).toBe(422);
    expect(await send("POST", path, "right-token", `{"data":{"word":"${word}`)).toBe(400);
    const { transact } = table;
    table.transact = async ([first]) => {
      throw new SyntaxError(`unexpected ${JSON.stringify(first)}`);
    };
    expect(await send("POST", path, "right-token", secret("lost"))).toBe(500);
    table.transact = transact;
    expect(logged).toHaveBeenCalled();
    expect(lines()).toContain(`POST ${path}`);
    expectSilence();
  });

  it("that reads a Secret whose text is broken says nothing of it", async () => {
    expect(await send("POST", path, "right-token", secret("s"))).toBe(201);
    const item = table.items.all().find(({ t, k, sk }) => t === "object" && [k, sk].includes("default/s"));
    if (item === undefined) return expect.fail("the Secret is not in the table");
    await table.write({ put: { ...item, d: `{"metadata":{"name":"s"},"data":{"word":"${word}"` } });
    const accept = { Accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };
    logged.mockClear();
    expect(await send("GET", `${path}/s`, "right-token", undefined, accept)).toBe(500);
    expect(logged).toHaveBeenCalled();
    expectSilence();
  });
});
