/**
 * Nobody grants more than they hold (upstream: pkg/registry/rbac/escalation_check.go and the policybased storages):
 * before a role is written its rules, before a binding is written those of its role, must be the writer's own, or the
 * writer must be allowed to escalate or to bind.
 */
import { deepEqual } from "../../apimachinery/equality.ts";
import { newForbidden, newNotFound } from "../../apimachinery/errors.ts";
import type { AnyObject } from "../../apimachinery/meta.ts";
import type { AggregationRule, ClusterRole, PolicyRule, Role, RoleRef } from "../../openapi/types/rbac-v1.ts";
import type { StrategyContext } from "../strategy.ts";
import { compactRules, quotedList, ruleText } from "./compact.ts";
import { covers } from "./covers.ts";

const group = "rbac.authorization.k8s.io";

/** The API server itself, and whoever may do everything. */
const isPrivileged = ({ user }: StrategyContext) => user.groups.includes("system:masters");

const fullAuthority: readonly PolicyRule[] = [
  { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
  { nonResourceURLs: ["*"], verbs: ["*"] },
];

/** What the writer lacks of the rules, as text; undefined: nothing. */
async function lacking(
  rules: readonly PolicyRule[],
  namespace: string,
  { access, user }: StrategyContext,
): Promise<string | undefined> {
  const held = access ? await access.rulesFor(user, namespace) : { rules: [], error: undefined };
  const missing = covers(held.rules, rules);
  if (missing.length === 0) return undefined;
  const texts = [...new Set(compactRules(missing).map(ruleText))].sort();
  const who = `user ${JSON.stringify(user.username)} (groups=${quotedList(user.groups)})`;
  const text = `${who} is attempting to grant RBAC permissions not currently held:\n${texts.join("\n")}`;
  return held.error === undefined ? text : `${text}; resolution errors: [${held.error}]`;
}

async function mayDo(
  verb: string,
  resource: string,
  namespace: string,
  name: string,
  { access, user }: StrategyContext,
): Promise<boolean> {
  const attributes = { user, verb, namespace, group, version: "*", resource, subresource: "", name };
  return (await access?.authorize(attributes))?.decision === "allow";
}

/** Whether an update only lets the garbage collector do its work. */
export function changesOnlyGCFields(object: AnyObject, old: AnyObject): boolean {
  const without = ({ metadata: { ownerReferences, finalizers, managedFields, ...metadata }, ...rest }: AnyObject) => ({
    ...rest,
    metadata,
  });
  return deepEqual(without(object), without(old));
}

const aggregates = (rule: AggregationRule | undefined) => (rule?.clusterRoleSelectors ?? []).length > 0;

/** Throws 403 where the writer may not give these rules. `old` is absent for a create. */
export async function checkRole(
  resource: "roles" | "clusterroles",
  role: Role | ClusterRole,
  old: Role | ClusterRole | undefined,
  context: StrategyContext,
): Promise<void> {
  if (isPrivileged(context)) return;
  const { name = "", namespace = "" } = role.metadata;
  if (await mayDo("escalate", resource, namespace, old ? name : "", context)) return;
  if (old && changesOnlyGCFields(role as unknown as AnyObject, old as unknown as AnyObject)) return;
  const problem = await lacking(role.rules ?? [], namespace, context);
  if (problem !== undefined) throw newForbidden({ group, resource }, name, problem);
  const aggregation = [role, old].map((one) => (one as ClusterRole | undefined)?.aggregationRule);
  if (!aggregation.some(aggregates) || (await lacking(fullAuthority, namespace, context)) === undefined) return;
  throw newForbidden({ group, resource }, name, "must have cluster-admin privileges to use the aggregationRule");
}

/** Throws 403 where the writer may not hand out the binding's role, 404 where there is none. */
export async function checkBinding(
  resource: "rolebindings" | "clusterrolebindings",
  binding: { metadata: { name?: string; namespace?: string }; roleRef: RoleRef },
  old: unknown,
  context: StrategyContext,
): Promise<void> {
  if (isPrivileged(context)) return;
  if (old && changesOnlyGCFields(binding as unknown as AnyObject, old as AnyObject)) return;
  const { roleRef, metadata } = binding;
  const { name = "", namespace = "" } = metadata;
  const roles = { ClusterRole: "clusterroles", Role: "roles" }[roleRef.kind];
  if (roles && (await mayDo("bind", roles, namespace, roleRef.name, context))) return;
  const rules = await context.access?.rulesOf(roleRef, namespace);
  // The resource is the request's, not the role's: so upstream words it.
  if (!rules) throw newNotFound({ group, resource }, roleRef.name);
  const problem = await lacking(rules, namespace, context);
  if (problem !== undefined) throw newForbidden({ group, resource }, name, problem);
}
