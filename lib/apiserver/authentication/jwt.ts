/**
 * Signed tokens in compact form (RFC 7515), with RS256 or ES256 as the key demands. The header's algorithm is never
 * trusted: it must be the key's.
 */
import { verify } from "node:crypto";
import type { Signer, VerificationKey } from "./signer.ts";

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** The token of the claims. Rejects where the signer does. */
export async function signJwt(claims: object, signer: Signer): Promise<string> {
  const { algorithm, id } = await signer.verificationKey();
  const text = `${encode({ alg: algorithm, kid: id })}.${encode(claims)}`;
  return `${text}.${Buffer.from(await signer.sign(Buffer.from(text))).toString("base64url")}`;
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
export function verifyJwt({ algorithm, signed, signature }: ParsedJwt, key: VerificationKey): boolean {
  const options = { key: key.publicKey, dsaEncoding: "ieee-p1363" as const };
  return algorithm === key.algorithm && verify("sha256", Buffer.from(signed), options, signature);
}
