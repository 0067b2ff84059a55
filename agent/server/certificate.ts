/** The server's certificate where the cluster has given it none: X.509 in DER, written here (RFC 5280). */
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** Certificate and key as PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

const yearMs = 365 * 24 * 3600 * 1000;
const tag = { integer: 2, bits: 3, octets: 4, oid: 6, utf8: 12, sequence: 0x30, set: 0x31, time: 24 } as const;
const oid = {
  commonName: [0x55, 4, 3],
  subjectAltName: [0x55, 0x1d, 17],
  ecdsaWithSha256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2],
};

function der(kind: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const { length } = body;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([kind, ...size]), body]);
}

const oidOf = (bytes: readonly number[]) => der(tag.oid, Buffer.from(bytes));

function timeOf(ms: number): Buffer {
  const text = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return der(tag.time, Buffer.from(text));
}

/** A certificate that the node signs itself, as a kubelet does: clients know the node by its address alone. */
export function selfSigned(nodeName: string, addresses: readonly string[], now: number): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = der(tag.sequence, oidOf(oid.ecdsaWithSha256));
  const commonName = der(tag.sequence, oidOf(oid.commonName), der(tag.utf8, Buffer.from(nodeName)));
  const name = der(tag.sequence, der(tag.set, commonName));
  const names = [
    der(0x82, Buffer.from(nodeName)),
    ...addresses.map((address) => der(0x87, Buffer.from(address.split(".").map(Number)))),
  ];
  const alternative = der(tag.sequence, oidOf(oid.subjectAltName), der(tag.octets, der(tag.sequence, ...names)));
  // A first byte below 128 keeps the serial positive.
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(15)]);
  const body = der(
    tag.sequence,
    der(0xa0, der(tag.integer, Buffer.from([2]))),
    der(tag.integer, serial),
    algorithm,
    name,
    der(tag.sequence, timeOf(now - 60_000), timeOf(now + yearMs)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, der(tag.sequence, alternative)),
  );
  const signature = sign("sha256", body, privateKey);
  const certificate = der(tag.sequence, body, algorithm, der(tag.bits, Buffer.from([0]), signature));
  const lines = certificate
    .toString("base64")
    .replaceAll(/(.{64})/g, "$1\n")
    .trimEnd();
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  };
}
