/** Who may approve or sign for a signer (upstream: pkg/certauthorization). */
import type { Attributes } from "../plugin.ts";

/** Whether the writer may do it for this signer, or for all signers of its domain. */
export async function mayUseSigner({ user, context }: Attributes, verb: string, signer: string): Promise<boolean> {
  const { access } = context;
  if (!access) return false;
  const base = { user, verb, namespace: "", group: "certificates.k8s.io", version: "*", subresource: "" };
  const domain = signer.slice(0, Math.max(signer.indexOf("/"), 0));
  for (const name of [signer, `${domain}/*`]) {
    const { decision } = await access.authorize({ ...base, resource: "signers", name });
    if (decision === "allow") return true;
  }
  return false;
}

/** Whether the write is to that subresource of CertificateSigningRequests ("": to themselves). */
export function isCertificateRequest({ resource, subresource }: Attributes, wanted: string): boolean {
  const { group, resource: name } = resource;
  return group === "certificates.k8s.io" && name === "certificatesigningrequests" && subresource === wanted;
}
