/** Certificates of P-256 keys (RFC 5280): a CA's own, and those that it gives to servers and clients. */
import { createHash, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIP } from "node:net";
import { parseAddress } from "../../apimachinery/validation/ip.ts";
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from "./der.ts";

/** Whom a certificate names. */
export interface Subject {
  readonly commonName: string;
  readonly organizations?: readonly string[];
}

/** What a certificate says. Times are milliseconds since the epoch. */
export interface CertificateRequest {
  readonly subject: Subject;
  readonly publicKey: KeyObject;
  readonly usage: "ca" | "server" | "client";
  readonly notBefore: number;
  readonly notAfter: number;
  /** Names and addresses that a server answers to. */
  readonly hosts?: readonly string[];
}

/** Who signs. */
export interface Issuer {
  readonly subject: Subject;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const ecdsaWithSha256 = sequence(objectIdentifier("1.2.840.10045.4.3.2"));

function name({ commonName, organizations = [] }: Subject): Buffer {
  const attribute = (type: string, value: string) => set(sequence(objectIdentifier(type), utf8String(value)));
  return sequence(
    ...organizations.map((organization) => attribute("2.5.4.10", organization)),
    attribute("2.5.4.3", commonName),
  );
}

const spki = (key: KeyObject) => key.export({ type: "spki", format: "der" });
const keyId = (key: KeyObject) => createHash("sha1").update(spki(key)).digest();

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  const flag = critical ? [boolean(true)] : [];
  return sequence(objectIdentifier(id), ...flag, octetString(value));
}

function alternativeName(host: string): Buffer {
  if (isIP(host) === 0) return implicit(2, Buffer.from(host));
  return implicit(7, Buffer.from(parseAddress(host)?.bytes ?? []));
}

function extensions({ usage, publicKey, hosts = [] }: CertificateRequest, issuer: Issuer): Buffer {
  const isCa = usage === "ca";
  // keyCertSign and cRLSign are bits 5 and 6, digitalSignature is bit 0.
  const keyUsage = isCa ? bitString(Buffer.from([0x86]), 1) : bitString(Buffer.from([0x80]), 7);
  const purpose = usage === "server" ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2";
  return sequence(
    extension("2.5.29.19", true, isCa ? sequence(boolean(true)) : sequence()),
    extension("2.5.29.15", true, keyUsage),
    ...(isCa ? [] : [extension("2.5.29.37", false, sequence(objectIdentifier(purpose)))]),
    extension("2.5.29.14", false, octetString(keyId(publicKey))),
    extension("2.5.29.35", false, sequence(implicit(0, keyId(issuer.publicKey)))),
    ...(hosts.length === 0 ? [] : [extension("2.5.29.17", false, sequence(...hosts.map(alternativeName)))]),
  );
}

/** The certificate in PEM. */
export function issueCertificate(request: CertificateRequest, issuer: Issuer): string {
  const serial = randomBytes(16);
  // A serial number is positive.
  serial[0] = (serial[0] & 0x7f) | 0x40;
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(serial),
    ecdsaWithSha256,
    name(issuer.subject),
    sequence(time(request.notBefore), time(request.notAfter)),
    name(request.subject),
    spki(request.publicKey),
    explicit(3, extensions(request, issuer)),
  );
  const der = sequence(body, ecdsaWithSha256, bitString(sign("sha256", body, issuer.privateKey)));
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
