/**
 * What nodes may do (upstream: plugin/pkg/auth/authorizer/node): read what the pods that are bound to them need, and
 * write their own Node, lease, CSINode and pods' status. What a write says is checked by the NodeRestriction plugin.
 */
import { parseFieldSelector } from "../../../apimachinery/fields.ts";
import type { VertexType } from "../../../nodes/pod-references.ts";
import type { PolicyRule } from "../../../openapi/types/rbac-v1.ts";
import type { AuthorizationAttributes, Authorizer, Decision } from "../authorizer.ts";
import type { CacheGroup } from "../collection-cache.ts";
import { ruleAllows } from "../rbac/rule.ts";
import type { NodeGraph } from "./graph.ts";
import { nodeIdentity } from "./identity.ts";

type Attributes = AuthorizationAttributes;
type GraphCache = CacheGroup<NodeGraph>;
type Rule = (node: string, attributes: Attributes, graph: GraphCache) => Decision | Promise<Decision>;

const allow: Decision = { decision: "allow", reason: "" };
const noOpinion = (reason: string): Decision => ({ decision: "no opinion", reason });
const unrelated = (node: string) => noOpinion(`no relationship found between node '${node}' and this object`);

async function related(node: string, type: VertexType, { namespace, name }: Attributes, cache: GraphCache) {
  const graph = await cache.filled();
  if (graph.leadsTo(node, type, namespace, name)) return allow;
  // A pod may just have been bound.
  await cache.caughtUp();
  return graph.leadsTo(node, type, namespace, name) ? allow : unrelated(node);
}

async function byName(node: string, type: VertexType, attributes: Attributes, cache: GraphCache): Promise<Decision> {
  return attributes.name === "" ? noOpinion("No Object name found") : related(node, type, attributes, cache);
}

const reads =
  (type: VertexType): Rule =>
  (node, attributes, cache) => {
    if (!["get", "list", "watch"].includes(attributes.verb)) return noOpinion("can only read resources of this type");
    if (attributes.subresource !== "") return noOpinion("cannot read subresource");
    if (attributes.namespace === "") return noOpinion("can only read namespaced object of this type");
    return byName(node, type, attributes, cache);
  };

const gets =
  (type: VertexType): Rule =>
  (node, attributes, cache) => {
    if (attributes.verb !== "get") return noOpinion("can only get individual resources of this type");
    if (attributes.subresource !== "") return noOpinion("cannot get subresource");
    return byName(node, type, attributes, cache);
  };

const claims: Rule = (node, attributes, cache) => {
  if (attributes.subresource !== "status") return gets("persistentvolumeclaim")(node, attributes, cache);
  if (attributes.verb !== "update" && attributes.verb !== "patch") {
    return noOpinion("can only get/update/patch this type");
  }
  return byName(node, "persistentvolumeclaim", attributes, cache);
};

const serviceAccounts: Rule = (node, attributes, cache) => {
  const { verb, subresource, name } = attributes;
  if (verb === "get" && subresource === "") return reads("serviceaccount")(node, attributes, cache);
  if (verb !== "create" || name === "") return noOpinion("can only create tokens for individual service accounts");
  if (subresource !== "token") return noOpinion("can only create token subresource of serviceaccount");
  return related(node, "serviceaccount", attributes, cache);
};

const ownVerbs = ["get", "create", "update", "patch", "delete"];

const leases: Rule = (node, { verb, namespace, name }) => {
  if (!ownVerbs.includes(verb)) return noOpinion("can only get, create, update, patch, or delete a node lease");
  if (namespace !== "kube-node-lease") {
    return noOpinion('can only access leases in the "kube-node-lease" system namespace');
  }
  if (verb === "create" || name === node) return allow;
  return noOpinion("can only access node lease with the same name as the requesting node");
};

const csiNodes: Rule = (node, { verb, subresource, name }) => {
  if (!ownVerbs.includes(verb)) return noOpinion("can only get, create, update, patch, or delete a CSINode");
  if (subresource !== "") return noOpinion("cannot authorize CSINode subresources");
  if (verb === "create" || name === node) return allow;
  return noOpinion("can only access CSINode with the same name as the requesting node");
};

/** Whether a field selector asks for exactly this node. */
function selects({ fieldSelector }: Attributes, field: string, node: string): boolean {
  if (!fieldSelector) return false;
  try {
    return parseFieldSelector(fieldSelector).exactMatch(field) === node;
  } catch {
    return false;
  }
}

const resourceSlices: Rule = (node, attributes, cache) => {
  const { verb, subresource } = attributes;
  if (subresource !== "") return noOpinion("cannot authorize ResourceSlice subresources");
  if (verb === "create") return allow;
  if (["get", "update", "patch", "delete"].includes(verb)) return byName(node, "resourceslice", attributes, cache);
  if (["watch", "list", "deletecollection"].includes(verb)) {
    if (selects(attributes, "spec.nodeName", node)) return allow;
    return noOpinion("can only list/watch/deletecollection resourceslices with nodeName field selector");
  }
  const all = "get, watch, list, create, update, patch, delete, deletecollection";
  return noOpinion(`only the following verbs are allowed for a ResourceSlice: ${all}`);
};

const nodes: Rule = (node, { verb, subresource, name }) => {
  if (subresource === "status") return verb === "update" || verb === "patch" ? allow : noOpinion("");
  if (subresource !== "") return noOpinion("");
  if (["create", "update", "patch"].includes(verb)) return allow;
  if (!["get", "list", "watch"].includes(verb)) return noOpinion("");
  if (name === node) return allow;
  const what = name === "" ? "all nodes" : `'${name}'`;
  return noOpinion(`node '${node}' cannot read ${what}, only its own Node object`);
};

const pods: Rule = (node, attributes, cache) => {
  const { verb, subresource, name } = attributes;
  if (subresource === "status") return verb === "update" || verb === "patch" ? allow : noOpinion("");
  if (subresource === "eviction") return verb === "create" ? allow : noOpinion("");
  if (subresource !== "") return noOpinion("");
  if (verb === "create" || verb === "delete") return allow;
  if (verb === "get") return gets("pod")(node, attributes, cache);
  if (verb !== "list" && verb !== "watch") return noOpinion("");
  if (selects(attributes, "spec.nodeName", node)) return allow;
  if (name !== "") return byName(node, "pod", attributes, cache);
  return noOpinion("can only list/watch pods with spec.nodeName field selector");
};

const rules: Readonly<Record<string, Rule>> = {
  secrets: reads("secret"),
  configmaps: reads("configmap"),
  persistentvolumeclaims: claims,
  persistentvolumes: gets("persistentvolume"),
  "resourceclaims.resource.k8s.io": gets("resourceclaim"),
  "volumeattachments.storage.k8s.io": gets("volumeattachment"),
  serviceaccounts: serviceAccounts,
  "leases.coordination.k8s.io": leases,
  "csinodes.storage.k8s.io": csiNodes,
  "resourceslices.resource.k8s.io": resourceSlices,
  nodes,
  pods,
};

/** Decides for nodes; `nodeRules` gives those of the role system:node, for what no rule here is about. */
export function nodeAuthorizer(graph: GraphCache, nodeRules: () => readonly PolicyRule[]): Authorizer {
  let known: readonly PolicyRule[] | undefined;
  return {
    async authorize(attributes) {
      const { user, group, resource, path } = attributes;
      const node = nodeIdentity(user);
      if (node === undefined) return noOpinion("");
      if (node === "") return noOpinion(`unknown node for user ${JSON.stringify(user.username)}`);
      const rule = path === undefined ? rules[group === "" ? resource : `${resource}.${group}`] : undefined;
      if (rule) return rule(node, attributes, graph);
      known ??= nodeRules();
      return known.some((one) => ruleAllows(one, attributes)) ? allow : noOpinion("");
    },
  };
}
