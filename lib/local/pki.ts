/**
 * The cluster's certificates and keys: a CA made at first start, and what it has signed. All are kept in one folder,
 * readable by their owner alone, and used again at the next start.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  type webcrypto,
  X509Certificate,
} from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { UserError } from "./user-error.ts";

/** A certificate and its key, in PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** What a certificate is for. */
export interface CertificateRequest {
  /** The file's name: `NAME.crt` and `NAME.key`. */
  readonly name: string;
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** Addresses and names that a server is reached by; none: a client's certificate. */
  readonly hosts: readonly string[];
}

const yearMs = 365 * 24 * 3_600_000;
const caYears = 10;
const leafYears = 1;
/** A certificate that ends within this time is made anew at the next start. */
const renewMs = 30 * 24 * 3_600_000;
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** Signs with the cluster's CA. */
export class Pki {
  readonly #folder: string;
  readonly ca: KeyPair;
  readonly #now: number;

  private constructor(folder: string, ca: KeyPair, now: number) {
    this.#folder = folder;
    this.ca = ca;
    this.#now = now;
  }

  /** Opens the folder; makes the CA where there is none. Throws UserError where files are damaged. */
  static async open(folder: string, now: number): Promise<Pki> {
    const ca = readPair(folder, "ca") ?? (await makeCa(folder, now));
    return new Pki(folder, ca, now);
  }

  /** The certificate of that name: the one that is there while it is good, else a new one. */
  async certificate(request: CertificateRequest): Promise<KeyPair> {
    const found = readPair(this.#folder, request.name);
    if (found && this.#isGood(found, request)) return found;
    const made = await sign(this.ca, request, this.#now);
    return writePair(this.#folder, request.name, made);
  }

  /** The key that signs ServiceAccount tokens. */
  serviceAccountKey(): KeyObject {
    const text = read(join(this.#folder, "sa.key"));
    if (text !== undefined) {
      try {
        return createPrivateKey(text);
      } catch (error) {
        throw damaged(join(this.#folder, "sa.key"), error);
      }
    }
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    write(join(this.#folder, "sa.key"), privateKey.export({ type: "pkcs8", format: "pem" }).toString());
    return privateKey;
  }

  #isGood({ certificate }: KeyPair, { commonName, organizations, hosts }: CertificateRequest): boolean {
    const parsed = new X509Certificate(certificate);
    if (Date.parse(parsed.validTo) < this.#now + renewMs) return false;
    if (!parsed.verify(createPublicKey(this.ca.certificate))) return false;
    const subject = parsed.subject.split("\n");
    const wanted = [`CN=${commonName}`, ...organizations.map((name) => `O=${name}`)];
    if (!wanted.every((part) => subject.includes(part))) return false;
    return hosts.every((host) => (isIP(host) ? parsed.checkIP(host) : parsed.checkHost(host)) !== undefined);
  }
}

function damaged(file: string, error: unknown): UserError {
  const text = `${file} cannot be read: ${(error as Error).message}`;
  return new UserError(text, "restore it from a copy, or remove the whole data folder with: coracle down");
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw damaged(file, error);
  }
}

/** Written aside and renamed: a crash leaves no half file. */
function write(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function readPair(folder: string, name: string): KeyPair | undefined {
  const files = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const [certificate, key] = files.map(read);
  if (certificate === undefined || key === undefined) return undefined;
  try {
    if (new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))) return { certificate, key };
  } catch (error) {
    throw damaged(files[0], error);
  }
  throw damaged(files[0], new Error("the key belongs to another certificate"));
}

function writePair(folder: string, name: string, pair: KeyPair): KeyPair {
  write(join(folder, `${name}.key`), pair.key);
  write(join(folder, `${name}.crt`), pair.certificate);
  return pair;
}

/** Loaded when something has to be signed, which most starts never do. */
async function x509() {
  // The library's own dependency asks for it, but does not bring it.
  await import("reflect-metadata");
  return import("@peculiar/x509");
}

async function newKeys(): Promise<{ keys: webcrypto.CryptoKeyPair; pem: string }> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const der = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  return { keys, pem: key.export({ type: "pkcs8", format: "pem" }).toString() };
}

const serialNumber = () => `00${crypto.randomUUID().replaceAll("-", "")}`;

async function makeCa(folder: string, now: number): Promise<KeyPair> {
  const {
    BasicConstraintsExtension,
    KeyUsageFlags,
    KeyUsagesExtension,
    SubjectKeyIdentifierExtension,
    X509CertificateGenerator,
  } = await x509();
  const { keys, pem } = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: ["coracle-ca"] }],
    serialNumber: serialNumber(),
    notBefore: new Date(now - 3_600_000),
    notAfter: new Date(now + caYears * yearMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return writePair(folder, "ca", { certificate: certificate.toString("pem"), key: pem });
}

async function sign(ca: KeyPair, request: CertificateRequest, now: number): Promise<KeyPair> {
  const {
    AuthorityKeyIdentifierExtension,
    BasicConstraintsExtension,
    ExtendedKeyUsage,
    ExtendedKeyUsageExtension,
    KeyUsageFlags,
    KeyUsagesExtension,
    SubjectAlternativeNameExtension,
    X509Certificate: PeculiarCertificate,
    X509CertificateGenerator,
  } = await x509();
  const { keys, pem } = await newKeys();
  const issuer = new PeculiarCertificate(ca.certificate);
  const der = createPrivateKey(ca.key).export({ type: "pkcs8", format: "der" });
  const signingKey = await crypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]);
  const server = request.hosts.length > 0;
  const names = request.hosts.map((host) => ({ type: isIP(host) ? ("ip" as const) : ("dns" as const), value: host }));
  const certificate = await X509CertificateGenerator.create({
    subject: [...request.organizations.map((name) => ({ O: [name] })), { CN: [request.commonName] }],
    issuer: issuer.subject,
    serialNumber: serialNumber(),
    notBefore: new Date(now - 3_600_000),
    notAfter: new Date(now + leafYears * yearMs),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
      new ExtendedKeyUsageExtension([server ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth]),
      ...(server ? [new SubjectAlternativeNameExtension(names)] : []),
      await AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return { certificate: certificate.toString("pem"), key: pem };
}
