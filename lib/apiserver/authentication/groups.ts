/** Groups and users that the server itself gives (upstream: apiserver/pkg/authentication/user). */
import type { UserInfo } from "../../apimachinery/http.ts";
import { nameIsDNSLabel, nameIsDNSSubdomain } from "../../apimachinery/validation/names.ts";

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
  if (parts.length !== 2) return undefined;
  const [namespace, name] = parts;
  const problems = [...nameIsDNSLabel(namespace, false), ...nameIsDNSSubdomain(name, false)];
  return problems.length === 0 ? { namespace, name } : undefined;
}

/** Adds the group of everyone who has shown a credential. */
export function withAuthenticatedGroup(user: UserInfo): UserInfo {
  if (user.groups.includes(allAuthenticated) || user.groups.includes(allUnauthenticated)) return user;
  return { ...user, groups: [...user.groups, allAuthenticated] };
}
