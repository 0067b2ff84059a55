/** Groups and users that the server itself gives (upstream: apiserver/pkg/authentication/user). */

/** Everyone who has shown a credential. */
export const allAuthenticated = "system:authenticated";
/** Everyone who has not. */
export const allUnauthenticated = "system:unauthenticated";
/** Who has shown no credential. */
export const anonymousUser = "system:anonymous";
/** Whose members may do everything. */
export const systemPrivilegedGroup = "system:masters";
/** All nodes' agents. */
export const nodesGroup = "system:nodes";
/** All service accounts. */
export const allServiceAccounts = "system:serviceaccounts";

const prefix = "system:serviceaccount:";

/** `system:serviceaccount:NAMESPACE:NAME`. */
export const serviceAccountUsername = (namespace: string, name: string) => `${prefix}${namespace}:${name}`;

/** The groups of a namespace's service accounts. */
export const serviceAccountGroups = (namespace: string) => [allServiceAccounts, `${allServiceAccounts}:${namespace}`];

/** The inverse of serviceAccountUsername; undefined for other users. */
export function parseServiceAccountUsername(username: string): { namespace: string; name: string } | undefined {
  if (!username.startsWith(prefix)) return undefined;
  const parts = username.slice(prefix.length).split(":");
  if (parts.length !== 2 || parts[0] === "" || parts[1] === "") return undefined;
  return { namespace: parts[0], name: parts[1] };
}
