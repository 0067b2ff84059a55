/**
 * A stand-in for AWS' STS on loopback: knows some principals and answers GetCallerIdentity to who has really signed, by
 * AWS' Signature Version 4 in its query form, written here from its description and from nothing of the SDK's.
 */
import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Who may sign. */
export interface Principal {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly account: string;
  readonly arn: string;
  readonly userId: string;
}

/** Answers instead of the stand-in's own answer. */
export type Misbehaviour = (response: ServerResponse) => void;

/** A running stand-in. */
export interface StandInSts {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** How often it was asked. */
  readonly calls: number;
  /** Answers this from now on; undefined: as STS does. */
  misbehave(how: Misbehaviour | undefined): void;
  /** A fetch that reaches the stand-in whatever host the URL names; a header says which, in place of Host. */
  readonly fetch: typeof fetch;
  close(): Promise<void>;
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
const encoded = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
const hostHeader = "x-host-of-the-url";
const lifeMs = 15 * 60_000;
const aheadMs = 5 * 60_000;

class Refusal extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** Who has signed the request; `now` is in milliseconds. Throws Refusal. */
function verified(request: IncomingMessage, principals: readonly Principal[], now: number): Principal {
  const [path, query = ""] = (request.url ?? "").split("?");
  const pairs = query.split("&").map((pair) => {
    const [name, ...value] = pair.split("=");
    return [decodeURIComponent(name), decodeURIComponent(value.join("="))] as const;
  });
  const parameter = (name: string) => pairs.find(([key]) => key === name)?.[1] ?? "";
  if (request.method !== "GET" || parameter("Action") !== "GetCallerIdentity") throw new Refusal("InvalidAction");
  const [accessKeyId, day, region, service, end] = parameter("X-Amz-Credential").split("/");
  const principal = principals.find((one) => one.accessKeyId === accessKeyId);
  if (!principal || service !== "sts" || end !== "aws4_request") throw new Refusal("InvalidClientTokenId");
  if (parameter("X-Amz-Security-Token") !== (principal.sessionToken ?? "")) throw new Refusal("InvalidClientTokenId");
  const date = parameter("X-Amz-Date");
  const signedAt = Date.parse(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  if (!date.startsWith(day) || now > signedAt + lifeMs || now < signedAt - aheadMs) throw new Refusal("ExpiredToken");
  const signedHeaders = parameter("X-Amz-SignedHeaders").split(";");
  const headers = signedHeaders.map((name) => {
    const value = (name === "host" && request.headers[hostHeader]) || request.headers[name];
    if (value === undefined || !signedHeaders.includes("host")) throw new Refusal("SignatureDoesNotMatch");
    return `${name}:${String(value).trim()}\n`;
  });
  const canonicalQuery = pairs
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join("&");
  const canonical = ["GET", path, canonicalQuery, headers.join(""), signedHeaders.join(";"), sha256("")].join("\n");
  const scope = `${day}/${region}/sts/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", date, scope, sha256(canonical)].join("\n");
  const key = [region, "sts", "aws4_request"].reduce(hmac, hmac(`AWS4${principal.secretAccessKey}`, day));
  if (hmac(key, text).toString("hex") !== parameter("X-Amz-Signature")) throw new Refusal("SignatureDoesNotMatch");
  return principal;
}

/** Starts one; `now` gives its time. */
export async function startSts(principals: readonly Principal[], now: () => number): Promise<StandInSts> {
  let misbehaviour: Misbehaviour | undefined;
  let calls = 0;
  const server = createServer((request, response) => {
    calls++;
    if (misbehaviour) return misbehaviour(response);
    try {
      const { account, arn, userId } = verified(request, principals, now());
      const result = { Account: account, Arn: arn, UserId: userId };
      const metadata = { RequestId: "r" };
      answer(response, 200, {
        GetCallerIdentityResponse: { GetCallerIdentityResult: result, ResponseMetadata: metadata },
      });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      answer(response, 403, { Error: { Code: error.code, Message: "no", Type: "Sender" }, RequestId: "r" });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    get calls() {
      return calls;
    },
    misbehave(how) {
      misbehaviour = how;
    },
    fetch(input, init) {
      const { origin, host } = new URL(String(input));
      const headers = { ...(init?.headers as Record<string, string>), [hostHeader]: host };
      return fetch(`${url}${String(input).slice(origin.length)}`, { ...init, headers });
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
