/**
 * Signed tokens in compact form (RFC 7515), with RS256 or ES256 as the key demands. The header's algorithm is never
 * trusted: it must be the key's.
 */
import { createHash, createPublicKey, type JsonWebKey, type KeyObject, sign, verify } from "node:crypto";

/** A key of one of the two kinds. */
export interface SigningKey {
  /** Absent where this server only verifies. */
  readonly privateKey?: KeyObject;
  readonly publicKey: KeyObject;
  readonly algorithm: "RS256" | "ES256";
  /** SHA-256 of the public key, as upstream's kid. */
  readonly id: string;
}

/** A key from its PEM text, private or public. Throws where it is neither RSA nor P-256. */
export function signingKey(key: KeyObject): SigningKey {
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  const curve = publicKey.asymmetricKeyDetails?.namedCurve;
  const isRsa = publicKey.asymmetricKeyType === "rsa";
  if (!isRsa && curve !== "prime256v1") throw new Error("service accounts' tokens need an RSA or a P-256 key");
  const id = createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("base64url");
  return { privateKey: key.type === "private" ? key : undefined, publicKey, algorithm: isRsa ? "RS256" : "ES256", id };
}

/** A key as JWKS shows it. */
export function publicJwk({ publicKey, algorithm, id }: SigningKey): JsonWebKey & Record<string, unknown> {
  return { use: "sig", kid: id, alg: algorithm, ...publicKey.export({ format: "jwk" }) };
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const options = (key: KeyObject) => ({ key, dsaEncoding: "ieee-p1363" as const });

/** The token of the claims. Throws where the key is public only. */
export function signJwt(claims: object, key: SigningKey): string {
  if (!key.privateKey) throw new Error("this key can only verify");
  const text = `${encode({ alg: key.algorithm, kid: key.id })}.${encode(claims)}`;
  return `${text}.${sign("sha256", Buffer.from(text), options(key.privateKey)).toString("base64url")}`;
}

/** A token, taken apart but not believed; undefined: no such token. */
export interface ParsedJwt {
  readonly algorithm: string;
  readonly keyId: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signed: string;
  readonly signature: Buffer;
}

function decodeObject(part: string): Record<string, unknown> | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(part)) return undefined;
  try {
    const value = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Takes a token apart. */
export function parseJwt(token: string): ParsedJwt | undefined {
  const parts = token.split(".");
  if (parts.length !== 3) return undefined;
  const [header, claims] = [decodeObject(parts[0]), decodeObject(parts[1])];
  if (!header || !claims) return undefined;
  return {
    algorithm: String(header.alg ?? ""),
    keyId: String(header.kid ?? ""),
    claims,
    signed: `${parts[0]}.${parts[1]}`,
    signature: Buffer.from(parts[2], "base64url"),
  };
}

/** Whether the key has signed the token. */
export function verifyJwt({ algorithm, signed, signature }: ParsedJwt, key: SigningKey): boolean {
  return algorithm === key.algorithm && verify("sha256", Buffer.from(signed), options(key.publicKey), signature);
}
