/** Client certificates (upstream: apiserver/pkg/authentication/request/x509). */
import type { Authenticator } from "./authenticator.ts";
import { credentialIdKey } from "./credential-id.ts";

/** The certificate's common name is the user, its organizations are the groups. TLS has verified it. */
export const x509Authenticator: Authenticator = {
  async authenticate({ certificate }) {
    if (!certificate || certificate.commonName === "") return undefined;
    const { commonName, organizations, fingerprint } = certificate;
    const extra = fingerprint === undefined ? {} : { extra: { [credentialIdKey]: [`X509SHA256=${fingerprint}`] } };
    return { username: commonName, groups: organizations, ...extra };
  },
};
