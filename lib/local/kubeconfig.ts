/** Writes kubeconfigs: one cluster, one user, one context. */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { stringify } from "yaml";
import type { KeyPair } from "./pki.ts";
import { UserError } from "./user-error.ts";

/** Where to and as whom. PEM texts. */
export interface KubeconfigOptions {
  readonly server: string;
  readonly ca: string;
  readonly user: string;
  readonly pair: KeyPair;
}

const base64 = (text: string) => Buffer.from(text).toString("base64");

/** The text of a kubeconfig. */
export function kubeconfigText({ server, ca, user, pair }: KubeconfigOptions): string {
  const cluster = { server, "certificate-authority-data": base64(ca) };
  const credentials = {
    "client-certificate-data": base64(pair.certificate),
    "client-key-data": base64(pair.key),
  };
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "coracle", cluster }],
    users: [{ name: user, user: credentials }],
    contexts: [{ name: "coracle", context: { cluster: "coracle", user } }],
    "current-context": "coracle",
  });
}

/** Writes the file, readable by its owner alone; a crash leaves the old one or the new one. Throws UserError. */
export function writeKubeconfig(file: string, options: KubeconfigOptions): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, kubeconfigText(options), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch (error) {
    const text = `the kubeconfig ${file} cannot be written: ${(error as Error).message}`;
    throw new UserError(text, "choose another place with --kubeconfig FILE");
  }
}
