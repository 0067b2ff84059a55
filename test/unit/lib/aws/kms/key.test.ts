import { constants, createHash, generateKeyPairSync, privateEncrypt } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseJwt, signJwt, verifyJwt } from "../../../../../lib/apiserver/authentication/jwt.ts";
import { oidcDiscoveryRoute } from "../../../../../lib/apiserver/authentication/oidc-discovery.ts";
import { ServiceAccountTokens } from "../../../../../lib/apiserver/authentication/service-account-tokens.ts";
import { localSigner, remoteSigner } from "../../../../../lib/apiserver/authentication/signer.ts";
import { AuthenticationUnavailable } from "../../../../../lib/apiserver/authentication/token.ts";
import { requestInfo } from "../../../../../lib/apiserver/request-info.ts";
import { kmsKey } from "../../../../../lib/aws/kms/key.ts";
import { FakeClock } from "../../../../support/fake-clock.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const elliptic = generateKeyPairSync("ec", { namedCurve: "P-256" });
const der = { type: "spki", format: "der" } as const;

/** The ASN.1 of a SHA-256 digest, as PKCS #1 v1.5 signs it. */
const digestInfo = Buffer.from("3031300d060960864801650304020105000420", "hex");

/** A KMS with an RSA key and an elliptic one. */
const calls: { operation: string; body: Record<string, string> }[] = [];
let broken = false;
const kms = createServer(async (request, response) => {
  let text = "";
  for await (const chunk of request) text += chunk;
  const operation = String(request.headers["x-amz-target"]).replace("TrentService.", "");
  const body = JSON.parse(text);
  calls.push({ operation, body });
  const answer = (status: number, value: object) => {
    response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(value));
  };
  if (broken) return answer(400, { __type: "DisabledException", message: "the key is disabled" });
  if (operation === "GetPublicKey") {
    const { publicKey } = body.KeyId === "elliptic" ? elliptic : rsa;
    return answer(200, { PublicKey: publicKey.export(der).toString("base64") });
  }
  const padding = constants.RSA_PKCS1_PADDING;
  const signed = Buffer.concat([digestInfo, Buffer.from(body.Message, "base64")]);
  answer(200, { Signature: privateEncrypt({ key: rsa.privateKey, padding }, signed).toString("base64") });
});

let client: object;
beforeAll(async () => {
  await new Promise<void>((resolve) => kms.listen(0, "127.0.0.1", resolve));
  client = {
    endpoint: `http://127.0.0.1:${(kms.address() as AddressInfo).port}`,
    region: "eu-west-1",
    credentials: { accessKeyId: "a", secretAccessKey: "s" },
  };
});
afterAll(async () => {
  kms.closeAllConnections();
  await new Promise((resolve) => kms.close(resolve));
});
beforeEach(() => {
  calls.length = 0;
  broken = false;
});

describe("a key in KMS", () => {
  it("signs digests, never the text", async () => {
    const digest = createHash("sha256").update("text").digest();
    const signature = await kmsKey("k", client).signDigest(digest);
    expect(calls).toEqual([
      {
        operation: "Sign",
        body: {
          KeyId: "k",
          Message: digest.toString("base64"),
          MessageType: "DIGEST",
          SigningAlgorithm: "RSASSA_PKCS1_V1_5_SHA_256",
        },
      },
    ]);
    const local = await localSigner(rsa.privateKey).sign(Buffer.from("text"));
    expect(Buffer.from(signature)).toEqual(Buffer.from(local));
  });

  it("must be RSA", async () => {
    await expect(kmsKey("elliptic", client).publicKey()).rejects.toThrow("the KMS key elliptic is not RSA");
  });
});

describe("tokens that KMS signs", () => {
  it("are those that the same key signs here, and its public half is asked for once", async () => {
    const signer = remoteSigner(kmsKey("k", client));
    const tokens = await Promise.all([1, 2].map((jti) => signJwt({ jti }, signer)));
    expect(tokens[0]).toBe(await signJwt({ jti: 1 }, localSigner(rsa.privateKey)));
    for (const token of tokens) {
      expect(verifyJwt(parseJwt(token) as never, await signer.verificationKey())).toBe(true);
    }
    expect(calls.map(({ operation }) => operation).sort()).toEqual(["GetPublicKey", "Sign", "Sign"]);
  });

  it("are verified later where KMS does not answer, and then are", async () => {
    const signer = remoteSigner(kmsKey("k", client));
    const account = { metadata: { name: "a", namespace: "d", uid: "u" } };
    const authenticate = new ServiceAccountTokens({
      issuer: "iss",
      audiences: ["aud"],
      keys: [signer],
      clock: new FakeClock(),
      get: async () => account as never,
    });
    const bound = { namespace: "d", serviceaccount: { name: "a", uid: "u" } };
    const claims = { iss: "iss", sub: "system:serviceaccount:d:a", aud: ["aud"], exp: 9_999_999_999 };
    const token = await signJwt({ ...claims, "kubernetes.io": bound }, localSigner(rsa.privateKey));
    broken = true;
    await expect(authenticate.authenticateToken(token, [])).rejects.toThrow(AuthenticationUnavailable);
    broken = false;
    expect((await authenticate.authenticateToken(token, []))?.user.username).toBe("system:serviceaccount:d:a");
  });

  it("can be verified by others, with what the server tells of its keys", async () => {
    const keys = [remoteSigner(kmsKey("k", client)), localSigner(elliptic.privateKey)];
    const route = oidcDiscoveryRoute("https://iss", "https://server", keys);
    const get = async (path: string) => {
      const request = { method: "GET", header: () => undefined } as never;
      return JSON.parse(String((await route(request, requestInfo("GET", path)))?.body));
    };
    expect(await get("/.well-known/openid-configuration")).toMatchObject({
      issuer: "https://iss",
      jwks_uri: "https://server/openid/v1/jwks",
      id_token_signing_alg_values_supported: ["ES256", "RS256"],
    });
    const { id } = await keys[0].verificationKey();
    const { n, e } = rsa.publicKey.export({ format: "jwk" });
    const { keys: told } = await get("/openid/v1/jwks");
    expect(told[0]).toEqual({ use: "sig", kid: id, alg: "RS256", kty: "RSA", n, e });
    expect(told).toHaveLength(2);
  });
});

describe("a key that is here", () => {
  it("must be private, and RSA or P-256", () => {
    expect(() => localSigner(rsa.publicKey)).toThrow("this key can only verify");
    const { privateKey } = generateKeyPairSync("ed25519");
    expect(() => localSigner(privateKey)).toThrow("service accounts' tokens need an RSA or a P-256 key");
  });
});
