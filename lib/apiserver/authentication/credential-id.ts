/** The extra of a user that names the credential which was shown (never the credential itself). */

/** Its values look like `JTI=...` or `X509SHA256=...`. */
export const credentialIdKey = "authentication.kubernetes.io/credential-id";
