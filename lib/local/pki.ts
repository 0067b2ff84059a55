/**
 * The cluster's certificates and keys: a CA made at the first start, what it gives to the server and to clients, and
 * the key that signs service accounts' tokens. All are kept in one folder and reused; what is about to expire or does not
 * fit any more is made anew, but for the CA and the token key, which everything else depends on.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { writePrivateFile } from "./private-file.ts";
import { UserError } from "./user-error.ts";
import {
  type Issuer,
  issueCertificate,
  type CertificateRequest as LeafRequest,
  type Subject,
} from "./x509/certificate.ts";

const dayMs = 24 * 3600 * 1000;
const caDays = 3650;
const leafDays = 365;
/** What has fewer days left is made anew. */
const renewDays = 60;

/** A certificate and its key, in PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** What a certificate is for. */
export interface CertificateRequest {
  /** The files' name: `NAME.crt` and `NAME.key`. */
  readonly name: string;
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** Addresses and names that a server is reached by; none: a client's certificate. */
  readonly hosts: readonly string[];
}

/** Signs with the cluster's CA. */
export class Pki {
  readonly #folder: string;
  readonly #authority: Authority;
  readonly #now: number;

  private constructor(folder: string, authority: Authority, now: number) {
    this.#folder = folder;
    this.#authority = authority;
    this.#now = now;
  }

  /**
   * Opens the folder, which must exist; makes the CA where there is none. `now` is in milliseconds since the epoch.
   * Throws UserError where what is there can't be used.
   */
  static async open(folder: string, now: number): Promise<Pki> {
    return new Pki(folder, openAuthority(folder, now), now);
  }

  /** The CA. */
  get ca(): KeyPair {
    const { certificate, issuer } = this.#authority;
    return { certificate, key: pemOf(issuer.privateKey) };
  }

  /** The certificate of that name: the one that is there while it is good, else a new one. Throws UserError. */
  async certificate(request: CertificateRequest): Promise<KeyPair> {
    const { name, commonName, organizations, hosts } = request;
    const [certFile, keyFile] = [join(this.#folder, `${name}.crt`), join(this.#folder, `${name}.key`)];
    const [certificate, key] = [read(certFile), read(keyFile)];
    const wanted: Wanted = {
      subject: { commonName, organizations },
      usage: hosts.length > 0 ? "server" : "client",
      hosts,
    };
    if (certificate !== undefined && key !== undefined) {
      const known = { certificate, key };
      if (fits(known, wanted, this.#authority, this.#now)) return known;
    }
    const privateKey = newKey();
    const leaf = { ...wanted, publicKey: createPublicKey(privateKey), ...validity(this.#now, leafDays) };
    const made = { certificate: issueCertificate(leaf, this.#authority.issuer), key: pemOf(privateKey) };
    write(keyFile, made.key);
    write(certFile, made.certificate);
    return made;
  }

  /** The key that signs service accounts' tokens. Throws UserError where the file can't be used. */
  serviceAccountKey(): KeyObject {
    const file = join(this.#folder, "sa.key");
    const pem = read(file);
    if (pem !== undefined) return keyOf(file, pem);
    const key = newKey();
    write(file, pemOf(key));
    return key;
  }
}

const caSubject: Subject = { commonName: "coracle-ca" };

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new UserError(`${file} cannot be read: ${(error as Error).message}`, "make it readable for this user");
  }
}

function write(file: string, content: string): void {
  try {
    writePrivateFile(file, content);
  } catch (error) {
    const why = (error as Error).message;
    throw new UserError(`${file} cannot be written: ${why}`, "make room or choose another folder: --data-dir DIR");
  }
}

function newKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

const pemOf = (key: KeyObject) => key.export({ type: "pkcs8", format: "pem" }) as string;

/** A key that must be usable: others depend on it. */
function keyOf(file: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw corrupt(file, "holds no private key");
  }
}

function corrupt(file: string, why: string): UserError {
  const hint = "restore it from a backup, or remove the folder around it to make everything in it anew";
  return new UserError(`${file} ${why}`, `${hint} (kubeconfigs and tokens made before end to work then)`);
}

interface Authority {
  readonly issuer: Issuer;
  readonly certificate: string;
}

function openAuthority(folder: string, now: number): Authority {
  const [certFile, keyFile] = [join(folder, "ca.crt"), join(folder, "ca.key")];
  const [certificate, pem] = [read(certFile), read(keyFile)];
  if (certificate === undefined && pem === undefined) return newAuthority(certFile, keyFile, now);
  if (pem === undefined) throw corrupt(keyFile, "is missing, though there is a ca.crt");
  // A start that was cut short between the two files.
  if (certificate === undefined) return newAuthority(certFile, keyFile, now, keyOf(keyFile, pem));
  const privateKey = keyOf(keyFile, pem);
  const parsed = parse(certificate);
  if (!parsed) throw corrupt(certFile, "holds no certificate");
  if (!parsed.checkPrivateKey(privateKey)) throw corrupt(certFile, "does not belong to ca.key");
  if (Date.parse(parsed.validTo) <= now) throw corrupt(certFile, `has expired (${parsed.validTo})`);
  return { certificate, issuer: { subject: caSubject, publicKey: createPublicKey(privateKey), privateKey } };
}

function newAuthority(certFile: string, keyFile: string, now: number, privateKey = newKey()): Authority {
  const issuer = { subject: caSubject, publicKey: createPublicKey(privateKey), privateKey };
  const request = { subject: caSubject, publicKey: issuer.publicKey, usage: "ca" as const, ...validity(now, caDays) };
  const certificate = issueCertificate(request, issuer);
  write(keyFile, pemOf(privateKey));
  write(certFile, certificate);
  return { certificate, issuer };
}

/** From an hour ago on, for clocks that differ. */
const validity = (now: number, days: number) => ({ notBefore: now - 3600_000, notAfter: now + days * dayMs });

function parse(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

type Wanted = Pick<LeafRequest, "subject" | "usage" | "hosts">;

/** Whether a certificate of an earlier start can go on. */
function fits({ certificate, key }: KeyPair, wanted: Wanted, { issuer }: Authority, now: number): boolean {
  const parsed = parse(certificate);
  if (!parsed) return false;
  try {
    if (!parsed.checkPrivateKey(createPrivateKey(key)) || !parsed.verify(issuer.publicKey)) return false;
  } catch {
    return false;
  }
  if (Date.parse(parsed.validTo) < now + renewDays * dayMs) return false;
  const { commonName, organizations = [] } = wanted.subject;
  const subject = [...organizations.map((organization) => `O=${organization}`), `CN=${commonName}`].join("\n");
  if (parsed.subject !== subject) return false;
  return (wanted.hosts ?? []).every((host) => (isIP(host) ? parsed.checkIP(host) : parsed.checkHost(host)));
}
