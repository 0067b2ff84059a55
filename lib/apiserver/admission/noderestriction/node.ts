/** What a node may do to its own Node: not the taints, and only labels of its kind. */
import { deepEqual } from "../../../apimachinery/equality.ts";
import type { Node } from "../../../openapi/types/core-v1.ts";
import { denied } from "../denial.ts";
import type { Attributes } from "../plugin.ts";

/** Labels that describe the machine. */
const own = new Set([
  "kubernetes.io/hostname",
  "topology.kubernetes.io/zone",
  "topology.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region",
  "beta.kubernetes.io/instance-type",
  "node.kubernetes.io/instance-type",
  "kubernetes.io/os",
  "kubernetes.io/arch",
  "beta.kubernetes.io/os",
  "beta.kubernetes.io/arch",
]);

const isWithin = (namespace: string, parent: string) => namespace === parent || namespace.endsWith(`.${parent}`);

function isForbidden(label: string): boolean {
  const slash = label.indexOf("/");
  const namespace = slash < 0 ? "" : label.slice(0, slash);
  if (isWithin(namespace, "node-restriction.kubernetes.io")) return true;
  if (!isWithin(namespace, "kubernetes.io") && !isWithin(namespace, "k8s.io")) return false;
  const isOwn =
    own.has(label) || isWithin(namespace, "kubelet.kubernetes.io") || isWithin(namespace, "node.kubernetes.io");
  return !isOwn;
}

/** The labels that differ and that a node may not change, sorted. */
function forbiddenLabels(labels: Record<string, string> = {}, old: Record<string, string> = {}): string[] {
  const keys = new Set([...Object.keys(labels), ...Object.keys(old)]);
  return [...keys].filter((key) => labels[key] !== old[key] && isForbidden(key)).sort();
}

function admitUpdate(name: string, attributes: Attributes): void {
  const [node, old] = [attributes.object as unknown as Node, attributes.oldObject as unknown as Node];
  const { configSource } = node.spec ?? {};
  if (configSource && !deepEqual(configSource, old.spec?.configSource)) {
    throw denied(attributes, `node ${name} is not allowed to update configSource to a new non-nil configSource`);
  }
  if (!deepEqual(node.spec?.taints ?? [], old.spec?.taints ?? [])) {
    throw denied(attributes, `node ${name} is not allowed to modify taints`);
  }
  if (!deepEqual(node.metadata.ownerReferences ?? [], old.metadata.ownerReferences ?? [])) {
    throw denied(attributes, `node ${name} is not allowed to modify ownerReferences`);
  }
  const labels = forbiddenLabels(node.metadata.labels, old.metadata.labels);
  if (labels.length > 0) throw denied(attributes, `is not allowed to modify labels: ${labels.join(", ")}`);
}

/** nodes and their subresources */
export function admitNode(node: string, attributes: Attributes): void {
  const name = JSON.stringify(node);
  if (attributes.name !== node) {
    throw denied(attributes, `node ${name} is not allowed to modify node ${JSON.stringify(attributes.name)}`);
  }
  if (attributes.operation === "UPDATE") admitUpdate(name, attributes);
  if (attributes.operation !== "CREATE") return;
  const { metadata, spec } = attributes.object as unknown as Node;
  if (spec?.configSource) {
    throw denied(attributes, `node ${name} is not allowed to create pods with a non-nil configSource`);
  }
  const labels = forbiddenLabels(metadata.labels);
  if (labels.length === 0) return;
  throw denied(attributes, `node ${name} is not allowed to set the following labels: ${labels.join(", ")}`);
}
