/** Gathers the rules of ClusterRoles that are made of others (upstream: controller/clusterroleaggregation). */
import { semanticEqual } from "../apimachinery/equality.ts";
import { labelSelectorAsSelector } from "../apimachinery/labels.ts";
import type { ClusterRole, PolicyRule } from "../openapi/types/rbac-v1.ts";
import { clusterroles } from "../openapi/types/resources.ts";
import { type Controller, type ControllerContext, source } from "./controller.ts";

/** The controller; its keys are names of ClusterRoles. */
export function createClusterRoleAggregationController({ client, informers }: ControllerContext): Controller {
  const roles = informers.get(clusterroles);
  const aggregated = () => roles.list().filter(({ aggregationRule }) => aggregationRule !== undefined);
  return {
    name: "clusterrole-aggregation-controller",
    // Whatever changes may be a part of any of them; there are few.
    sources: [source(clusterroles, () => aggregated().map(({ metadata }) => metadata.name))],
    async reconcile(name) {
      const role = roles.get(name);
      if (role?.aggregationRule === undefined) return undefined;
      const rules = gather(role, roles.list());
      if (!semanticEqual(rules, role.rules ?? [])) await client.update(clusterroles, { ...role, rules });
      return undefined;
    },
  };
}

/** The rules of all roles that the selectors choose, each once, in the order of the roles' names. */
function gather(role: ClusterRole, all: readonly ClusterRole[]): PolicyRule[] {
  const rules: PolicyRule[] = [];
  const sorted = [...all].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  for (const labelSelector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const selector = labelSelectorAsSelector(labelSelector);
    for (const { metadata, rules: parts } of sorted) {
      if (metadata.name === role.metadata.name || !selector.matches(metadata.labels ?? {})) continue;
      for (const rule of parts ?? []) if (!rules.some((one) => semanticEqual(one, rule))) rules.push(rule);
    }
  }
  return rules;
}
