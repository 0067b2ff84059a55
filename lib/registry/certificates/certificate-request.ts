/** Reads certificate signing requests (PKCS#10, RFC 2986): whom they are for, and whether they are signed. */
import { createPublicKey, type KeyObject, verify } from "node:crypto";

/** What a request asks for. */
export interface ParsedRequest {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** Whether the key in it has signed it. */
  readonly isSigned: boolean;
}

/** One DER element: its tag, its content, and all of its bytes. */
interface Element {
  readonly tag: number;
  readonly content: Buffer;
  readonly whole: Buffer;
}

const names = { commonName: "550403", organization: "55040a" };

/** Hash functions by the signature algorithm's OID; "" hashes inside (Ed25519). */
const hashes: Readonly<Record<string, string>> = {
  "2a8648ce3d040302": "sha256",
  "2a8648ce3d040303": "sha384",
  "2a8648ce3d040304": "sha512",
  "2a864886f70d01010b": "sha256",
  "2a864886f70d01010c": "sha384",
  "2a864886f70d01010d": "sha512",
  "2b6570": "",
};

/** The elements in a row. Throws where the bytes are no DER. */
function elements(bytes: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    let length = bytes[at + 1];
    let start = at + 2;
    if (length === undefined || length === 0x80 || length > 0x83) throw new Error("malformed element");
    if (length > 0x80) {
      const count = length - 0x80;
      length = bytes.readUIntBE(start, count);
      start += count;
    }
    const end = start + length;
    if (end > bytes.length) throw new Error("element is cut short");
    found.push({ tag: bytes[at], content: bytes.subarray(start, end), whole: bytes.subarray(at, end) });
    at = end;
  }
  return found;
}

/** The values of a name's attributes of one kind. */
function attributes(name: Element, type: string): string[] {
  const pairs = elements(name.content).flatMap((set) => elements(set.content).map((pair) => elements(pair.content)));
  return pairs.filter(([id]) => id.content.toString("hex") === type).map(([, value]) => value.content.toString("utf8"));
}

function isSignedBy(key: KeyObject, body: Buffer, algorithm: Element, signature: Element): boolean {
  const id = elements(algorithm.content)[0]?.content.toString("hex") ?? "";
  const hash = hashes[id];
  if (hash === undefined) return false;
  // A bit string begins with the number of bits that do not count.
  return verify(hash === "" ? null : hash, body, key, signature.content.subarray(1));
}

/** The DER bytes of the PEM block; undefined where the text holds no such block. */
export function pemBlock(text: string, type: string): Buffer | undefined {
  const match = new RegExp(`-----BEGIN ${type}-----\\s([A-Za-z0-9+/=\\s]+)-----END ${type}-----`).exec(text);
  return match ? Buffer.from(match[1], "base64") : undefined;
}

/** Takes apart a request, which is PEM text in base64 as the API has it; undefined: it is none. */
export function parseCertificateRequest(base64: string): ParsedRequest | undefined {
  const der = pemBlock(Buffer.from(base64, "base64").toString("latin1"), "CERTIFICATE REQUEST");
  if (!der) return undefined;
  try {
    const [request] = elements(der);
    const [body, algorithm, signature] = elements(request.content);
    const [, subject, publicKey] = elements(body.content);
    const key = createPublicKey({ key: publicKey.whole, format: "der", type: "spki" });
    return {
      commonName: attributes(subject, names.commonName).at(-1) ?? "",
      organizations: attributes(subject, names.organization),
      isSigned: isSignedBy(key, body.whole, algorithm, signature),
    };
  } catch {
    return undefined;
  }
}
