/**
 * Stands in for STS' GetCallerIdentity by a presigned URL: LocalStack answers it, but says that everybody is the account's
 * root, whatever key signed. This one checks the signature (AWS Signature Version 4, in the query) with the secrets of
 * principals.ts.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { type Principal, principals } from "./principals.ts";

const algorithm = "AWS4-HMAC-SHA256";
const longestExpiryS = 900;

/** It answers on the loopback. */
export interface StandInSts {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts it on a free port. */
export async function startSts(): Promise<StandInSts> {
  const server = createServer((request, response) => {
    const principal = callerOf(request, Date.now());
    const [status, body] = principal ? [200, identity(principal)] : [403, refusal];
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the stand-in for STS has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Who signed the request; undefined where nobody did, or too long ago. */
export function callerOf(request: Pick<IncomingMessage, "method" | "url" | "headers">, nowMs: number) {
  const { pathname, searchParams: query } = new URL(request.url ?? "/", "http://sts");
  const [keyId, ...scope] = (query.get("X-Amz-Credential") ?? "").split("/");
  const principal = principals.get(keyId);
  const date = query.get("X-Amz-Date") ?? "";
  if (!principal || scope.length !== 4 || query.get("Action") !== "GetCallerIdentity") return undefined;
  const ageS = (nowMs - instant(date)) / 1_000;
  const expiryS = Math.min(Number(query.get("X-Amz-Expires")), longestExpiryS);
  if (!(ageS > -longestExpiryS && ageS <= expiryS)) return undefined;
  const signature = query.get("X-Amz-Signature") ?? "";
  const signed = (query.get("X-Amz-SignedHeaders") ?? "").split(";");
  const canonical = [
    request.method,
    pathname,
    [...query]
      .filter(([name]) => name !== "X-Amz-Signature")
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join("&"),
    ...signed.map((name) => `${name}:${String(request.headers[name] ?? "").trim()}`),
    "",
    signed.join(";"),
    createHash("sha256").update("").digest("hex"),
  ].join("\n");
  const text = [algorithm, date, scope.join("/"), createHash("sha256").update(canonical).digest("hex")].join("\n");
  const key = scope.reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${principal.secretAccessKey}`);
  const want = hmac(key, text);
  const have = Buffer.from(signature, "hex");
  return have.length === want.length && timingSafeEqual(have, want) ? principal : undefined;
}

const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();

/** As RFC 3986 has it: encodeURIComponent leaves four characters that AWS encodes. */
const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

const instant = (date: string) =>
  Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));

const identity = ({ arn, accessKeyId }: Principal) => ({
  GetCallerIdentityResponse: {
    GetCallerIdentityResult: {
      Account: arn.split(":")[4],
      Arn: arn,
      UserId: arn.includes(":assumed-role/") ? `AROA${accessKeyId}:${arn.split("/").at(-1)}` : `AIDA${accessKeyId}`,
    },
    ResponseMetadata: { RequestId: "00000000-0000-0000-0000-000000000000" },
  },
});

const refusal = { Error: { Type: "Sender", Code: "SignatureDoesNotMatch", Message: "the signature is wrong" } };
