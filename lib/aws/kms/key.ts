/** An RSA key in AWS' Key Management Service: it signs there, and its private half never leaves. */
import { createPublicKey, type KeyObject } from "node:crypto";
import { GetPublicKeyCommand, KMSClient, type KMSClientConfig, SignCommand } from "@aws-sdk/client-kms";

/** A key that signs elsewhere. */
export interface KmsKey {
  /** Rejects where KMS does, or where the key is not RSA. */
  publicKey(): Promise<KeyObject>;
  /** The signature (RSASSA-PKCS1-v1_5) of a SHA-256 digest. Rejects where KMS does. */
  signDigest(digest: Uint8Array): Promise<Uint8Array>;
}

/** The key of an id, an ARN or an alias (`alias/x`). Nothing is asked yet. */
export function kmsKey(keyId: string, client: KMSClientConfig = {}): KmsKey {
  const kms = new KMSClient(client);
  return {
    async publicKey() {
      const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId: keyId }));
      const key = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: "der", type: "spki" });
      if (key.asymmetricKeyType !== "rsa") throw new Error(`the KMS key ${keyId} is not RSA`);
      return key;
    },
    async signDigest(digest) {
      const { Signature } = await kms.send(
        new SignCommand({
          KeyId: keyId,
          Message: digest,
          MessageType: "DIGEST",
          SigningAlgorithm: "RSASSA_PKCS1_V1_5_SHA_256",
        }),
      );
      if (!Signature) throw new Error("KMS gave no signature");
      return Signature;
    },
  };
}
