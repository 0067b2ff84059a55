/**
 * The cluster's certificates and keys: a CA made at the first start, what it gives to the server and to clients, and
 * the key that signs service accounts' tokens. All are kept in one folder and reused; what is about to expire or does not
 * fit any more is made anew, but for the CA and the token key, which everything else depends on.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { writePrivateFile } from "./private-file.ts";
import { UserError } from "./user-error.ts";
import { type CertificateRequest, type Issuer, issueCertificate, type Subject } from "./x509/certificate.ts";

const dayMs = 24 * 3600 * 1000;
const caDays = 3650;
const leafDays = 365;
/** What has fewer days left is made anew. */
const renewDays = 60;

/** A certificate and its key, in PEM. */
export interface Credential {
  readonly certificate: string;
  readonly key: string;
}

/** What the folder holds. */
export interface Pki {
  /** The CA's certificate, in PEM: what clients trust. */
  readonly ca: string;
  readonly server: Credential;
  readonly tokenKey: KeyObject;
  /** A client's credential, kept in the folder under `name`. Throws UserError where the file can't be used. */
  client(name: string, subject: Subject): Credential;
}

/** What the certificates are for. */
export interface PkiOptions {
  /** The first address of the Services' range. */
  readonly serviceAddress: string;
  /** More names and addresses under which the server is reached. */
  readonly hosts?: readonly string[];
  /** Milliseconds since the epoch. @default now */
  readonly now?: number;
}

/** The administrator. */
export const adminSubject: Subject = { commonName: "kubernetes-admin", organizations: ["system:masters"] };

/** A node's agent. */
export const nodeSubject = (node: string): Subject => ({
  commonName: `system:node:${node}`,
  organizations: ["system:nodes"],
});

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

type Wanted = Pick<CertificateRequest, "subject" | "usage" | "hosts">;

/** Whether a certificate of an earlier start can go on. */
function fits({ certificate, key }: Credential, wanted: Wanted, { issuer }: Authority, now: number): boolean {
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

function openCredential(folder: string, name: string, wanted: Wanted, authority: Authority, now: number): Credential {
  const [certFile, keyFile] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const [certificate, key] = [read(certFile), read(keyFile)];
  if (certificate !== undefined && key !== undefined) {
    const known = { certificate, key };
    if (fits(known, wanted, authority, now)) return known;
  }
  const privateKey = newKey();
  const request = { ...wanted, publicKey: createPublicKey(privateKey), ...validity(now, leafDays) };
  const made = { certificate: issueCertificate(request, authority.issuer), key: pemOf(privateKey) };
  write(keyFile, made.key);
  write(certFile, made.certificate);
  return made;
}

function openTokenKey(folder: string): KeyObject {
  const file = join(folder, "sa.key");
  const pem = read(file);
  if (pem !== undefined) return keyOf(file, pem);
  const key = newKey();
  write(file, pemOf(key));
  return key;
}

function serverHosts({ serviceAddress, hosts = [] }: PkiOptions): string[] {
  const service = [
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
  ];
  return [...new Set(["localhost", hostname(), ...service, "127.0.0.1", "::1", serviceAddress, ...hosts])];
}

/** Opens the folder, which must exist, and makes what is missing. Throws UserError where what is there can't be used. */
export function openPki(folder: string, options: PkiOptions): Pki {
  const now = options.now ?? Date.now();
  const authority = openAuthority(folder, now);
  const wanted = { subject: { commonName: "kube-apiserver" }, usage: "server" as const, hosts: serverHosts(options) };
  return {
    ca: authority.certificate,
    server: openCredential(folder, "server", wanted, authority, now),
    tokenKey: openTokenKey(folder),
    client: (name, subject) => openCredential(folder, name, { subject, usage: "client" }, authority, now),
  };
}
