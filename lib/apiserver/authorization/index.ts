/** May they: several authorizers as one, and what is said when they may not. */
import { newForbidden, type StatusError } from "../../apimachinery/errors.ts";
import { systemPrivilegedGroup } from "../authentication/groups.ts";
import type { AuthorizationAttributes, Authorizer } from "./authorizer.ts";

/** Members of system:masters may do everything (upstream: authorizerfactory's privileged groups). */
export const privilegedAuthorizer: Authorizer = {
  async authorize({ user }) {
    const privileged = user.groups.includes(systemPrivilegedGroup);
    return { decision: privileged ? "allow" : "no opinion", reason: "" };
  },
};

/** The first that allows or denies wins; else nobody has an opinion, and all their reasons are told. */
export function unionAuthorizers(authorizers: readonly Authorizer[]): Authorizer {
  return {
    expects: (attributes) => authorizers.some((authorizer) => authorizer.expects?.(attributes) ?? false),
    async authorize(attributes) {
      const reasons: string[] = [];
      const errors: string[] = [];
      for (const authorizer of authorizers) {
        const { decision, reason, error } = await authorizer.authorize(attributes);
        if (decision !== "no opinion") return { decision, reason, error };
        if (reason !== "") reasons.push(reason);
        if (error !== undefined) errors.push(error);
      }
      const error = errors.length === 0 ? {} : { error: errors.join(", ") };
      return { decision: "no opinion", reason: reasons.join("\n"), ...error };
    },
  };
}

function message({ user, verb, path, resource, subresource, group, namespace }: AuthorizationAttributes): string {
  const who = `User ${JSON.stringify(user.username)} cannot ${verb}`;
  if (path !== undefined) return `${who} path ${JSON.stringify(path)}`;
  const what = JSON.stringify(subresource === "" ? resource : `${resource}/${subresource}`);
  const where = namespace === "" ? "at the cluster scope" : `in the namespace ${JSON.stringify(namespace)}`;
  return `${who} resource ${what} in API group ${JSON.stringify(group)} ${where}`;
}

/** The 403 for what nobody has allowed. */
export function forbidden(attributes: AuthorizationAttributes, reason: string): StatusError {
  const text = reason === "" ? message(attributes) : `${message(attributes)}: ${reason}`;
  if (attributes.path !== undefined) return newForbidden({ group: "", resource: "" }, "", text);
  return newForbidden({ group: attributes.group, resource: attributes.resource }, attributes.name, text);
}
