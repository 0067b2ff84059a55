/** Kubeconfigs that the cluster hands out: one cluster, one user, one context. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Credential } from "./pki.ts";
import { writePrivateFile } from "./private-file.ts";
import { UserError } from "./user-error.ts";

/** A program that gives a token each time one is needed. */
export interface ExecPlugin {
  readonly command: string;
  readonly args: readonly string[];
}

/** What a kubeconfig says. */
export interface KubeconfigOptions {
  /** `https://127.0.0.1:6443` */
  readonly server: string;
  /** The CA's certificate, in PEM. Absent: those that the machine trusts. */
  readonly ca?: string;
  readonly user: string;
  /** What the user shows. */
  readonly credential: Credential | ExecPlugin;
  /** @default "coracle" */
  readonly cluster?: string;
}

const base64 = (text: string) => Buffer.from(text).toString("base64");

/** What a user shows, as lines of YAML. */
function credentialText(credential: Credential | ExecPlugin): string {
  if ("certificate" in credential) {
    return `    client-certificate-data: ${base64(credential.certificate)}
    client-key-data: ${base64(credential.key)}
`;
  }
  return `    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      command: ${JSON.stringify(credential.command)}
      args: ${JSON.stringify(credential.args)}
      interactiveMode: IfAvailable
`;
}

/** The text of a kubeconfig (YAML, whose strings are JSON's). */
export function kubeconfigText({ server, ca, user, credential, cluster = "coracle" }: KubeconfigOptions): string {
  const [clusterName, userName, context] = [cluster, user, `${user}@${cluster}`].map((name) => JSON.stringify(name));
  const authority = ca === undefined ? "" : `    certificate-authority-data: ${base64(ca)}\n`;
  return `apiVersion: v1
kind: Config
clusters:
- name: ${clusterName}
  cluster:
${authority}    server: ${JSON.stringify(server)}
contexts:
- name: ${context}
  context:
    cluster: ${clusterName}
    user: ${userName}
current-context: ${context}
preferences: {}
users:
- name: ${userName}
  user:
${credentialText(credential)}`;
}

/**
 * Writes a kubeconfig, readable by its owner alone, in place of whatever is there: nothing is merged.
 * Throws UserError where it can't be written; `flag` is what chose the file.
 */
export function writeKubeconfig(file: string, options: KubeconfigOptions, flag = "--kubeconfig"): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writePrivateFile(file, kubeconfigText(options));
  } catch (error) {
    const why = (error as Error).message;
    throw new UserError(`the kubeconfig ${file} cannot be written: ${why}`, `choose another: ${flag} FILE`);
  }
}
