/** Node selectors and node affinity (upstream: component-helpers/scheduling/corev1/nodeaffinity). */

/** core.v1.NodeSelectorRequirement. */
export interface NodeSelectorRequirement {
  key: string;
  operator: string;
  values?: string[];
}

/** core.v1.NodeSelectorTerm: all its requirements must hold; an empty one matches nothing. */
export interface NodeSelectorTerm {
  matchExpressions?: NodeSelectorRequirement[];
  matchFields?: NodeSelectorRequirement[];
}

/** The part of a node that selectors look at. */
export interface SelectableNode {
  metadata: { name?: string; labels?: Record<string, string> };
}

/** The part of a pod's spec that says where it may run. */
export interface NodeChoice {
  nodeSelector?: Record<string, string>;
  affinity?: {
    nodeAffinity?: {
      requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms: NodeSelectorTerm[] };
    };
  };
}

function requirementHolds({ operator, values = [] }: NodeSelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
    case "Lt": {
      if (value === undefined || !/^-?\d+$/.test(value) || !/^-?\d+$/.test(values[0] ?? "")) return false;
      const [left, right] = [BigInt(value), BigInt(values[0])];
      return operator === "Gt" ? left > right : left < right;
    }
    default:
      return false;
  }
}

/** Whether a term matches a node. */
export function termMatches(term: NodeSelectorTerm, node: SelectableNode): boolean {
  const { matchExpressions = [], matchFields = [] } = term;
  if (matchExpressions.length === 0 && matchFields.length === 0) return false;
  const labels = node.metadata.labels ?? {};
  return (
    matchExpressions.every((one) =>
      requirementHolds(one, Object.hasOwn(labels, one.key) ? labels[one.key] : undefined),
    ) && matchFields.every((one) => requirementHolds(one, one.key === "metadata.name" ? node.metadata.name : undefined))
  );
}

/** Whether nodeSelector and required node affinity let a pod run on a node. */
export function matchesNodeChoice(spec: NodeChoice, node: SelectableNode): boolean {
  const labels = node.metadata.labels ?? {};
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) if (labels[key] !== value) return false;
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || required.nodeSelectorTerms.some((term) => termMatches(term, node));
}
