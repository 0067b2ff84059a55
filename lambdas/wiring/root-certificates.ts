/** The certificates that pods check the API server's by: what the ConfigMap kube-root-ca.crt holds. */
import { X509Certificate } from "node:crypto";
import { rootCertificates as trustedByNode } from "node:tls";
import type { Environment } from "./environment.ts";

/** Amazon Trust Services' roots, and the one of Starfield that signs for them where clients are old. */
const amazons = [/^O=Amazon$/m, /^CN=Starfield Services Root Certificate Authority - G2$/m];

let known: string | undefined;

/** The roots of what API Gateway shows, among those that Node.js brings; those that an emulator names instead. PEM. */
export function rootCertificates({ rootCertificates: given }: Pick<Environment, "rootCertificates">): string {
  if (given !== undefined) return given;
  known ??= trustedByNode
    .filter((pem) => {
      const { subject } = new X509Certificate(pem);
      return amazons.some((name) => name.test(subject));
    })
    .map((pem) => `${pem.trim()}\n`)
    .join("");
  return known;
}
