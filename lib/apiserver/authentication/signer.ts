/** Who signs service accounts' tokens: a key in this process, or one that never leaves a key service. */
import { createHash, createPublicKey, type JsonWebKey, type KeyObject, sign } from "node:crypto";

/** The public half of a key of one of the two kinds. */
export interface VerificationKey {
  readonly publicKey: KeyObject;
  readonly algorithm: "RS256" | "ES256";
  /** SHA-256 of the public key, as upstream's kid. */
  readonly id: string;
}

/** What verifies the signatures of a key, private or public. Throws where it is neither RSA nor P-256. */
export function verificationKey(key: KeyObject): VerificationKey {
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  const curve = publicKey.asymmetricKeyDetails?.namedCurve;
  const isRsa = publicKey.asymmetricKeyType === "rsa";
  if (!isRsa && curve !== "prime256v1") throw new Error("service accounts' tokens need an RSA or a P-256 key");
  const id = createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("base64url");
  return { publicKey, algorithm: isRsa ? "RS256" : "ES256", id };
}

/** A key as JWKS shows it. */
export function publicJwk({ publicKey, algorithm, id }: VerificationKey): JsonWebKey & Record<string, unknown> {
  return { use: "sig", kid: id, alg: algorithm, ...publicKey.export({ format: "jwk" }) };
}

/** A key that signs. Both methods may ask a service, and reject where it does not answer. */
export interface Signer {
  /** What verifies its signatures; asked for once and remembered where that costs a call. */
  verificationKey(): Promise<VerificationKey>;
  /** The signature of the bytes as JWS has it: SHA-256 with RSA's PKCS #1 v1.5, or with ECDSA as r and s. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** Signs with a private key that is here. Throws where it is neither RSA nor P-256, or public. */
export function localSigner(privateKey: KeyObject): Signer {
  if (privateKey.type !== "private") throw new Error("this key can only verify");
  const key = verificationKey(privateKey);
  return {
    verificationKey: async () => key,
    sign: async (bytes) => sign("sha256", bytes, { key: privateKey, dsaEncoding: "ieee-p1363" }),
  };
}

/** A key of a service, which gives its public half and signs SHA-256 digests with RSA's PKCS #1 v1.5. */
export interface RemoteKey {
  publicKey(): Promise<KeyObject>;
  signDigest(digest: Uint8Array): Promise<Uint8Array>;
}

/** Signs with a key of a service. The public half is asked for once; a failure is not remembered. */
export function remoteSigner(remote: RemoteKey): Signer {
  let asked: Promise<VerificationKey> | undefined;
  return {
    verificationKey() {
      if (!asked) {
        asked = remote.publicKey().then(verificationKey);
        asked.catch(() => {
          asked = undefined;
        });
      }
      return asked;
    },
    sign: (bytes) => remote.signDigest(createHash("sha256").update(bytes).digest()),
  };
}
