/**
 * Remembers which images were pulled with whose credentials, so that a pod without them can't use what another pod has
 * pulled (upstream: kubelet/images/pullmanager). Images that nobody pulled, such as imported ones, are everybody's.
 */
import { createHash } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import type { AuthConfig } from "../runtime/cri/messages.ts";

interface PullRecord {
  /** It was pulled without credentials. */
  open: boolean;
  /** Hashes of the credentials that it was pulled with. */
  credentials: string[];
}

/** The records, kept in a file: an agent that starts again must know them. */
export class PulledImages {
  readonly #file: string;
  readonly #records: Map<string, PullRecord>;

  constructor(file: string) {
    this.#file = file;
    this.#records = read(file);
  }

  /** Whether a pod with these credentials may use the image as it is there. `repository` is the name without tag. */
  mayUse(imageId: string, repository: string, credentials: readonly AuthConfig[]): boolean {
    const record = this.#records.get(`${imageId} ${repository}`);
    // Pulled under another name alone, it is as private as under that one.
    if (record === undefined) return ![...this.#records.keys()].some((key) => key.startsWith(`${imageId} `));
    return record.open || credentials.some((auth) => record.credentials.includes(hashOf(auth)));
  }

  /** Notes a pull that has succeeded. */
  note(imageId: string, repository: string, auth: AuthConfig | undefined): void {
    const key = `${imageId} ${repository}`;
    const record = this.#records.get(key) ?? { open: false, credentials: [] };
    if (auth === undefined) record.open = true;
    else if (!record.credentials.includes(hashOf(auth))) record.credentials.push(hashOf(auth));
    this.#records.set(key, record);
    writeFileSync(`${this.#file}.new`, JSON.stringify(Object.fromEntries(this.#records)), { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
  }
}

function hashOf(auth: AuthConfig): string {
  const parts = [auth.username, auth.password, auth.identityToken, auth.registryToken];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

function read(file: string): Map<string, PullRecord> {
  try {
    return new Map(Object.entries(JSON.parse(readFileSync(file, "utf8")) as Record<string, PullRecord>));
  } catch {
    return new Map();
  }
}
