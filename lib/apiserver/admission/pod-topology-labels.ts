/** PodTopologyLabels: a pod that is bound gets the zone and region of its node as labels. */
import type { AnyObject } from "../../apimachinery/meta.ts";
import type { Binding, Node, Pod } from "../../openapi/types/core-v1.ts";
import { nodes } from "../../openapi/types/resources.ts";
import { isResource } from "./denial.ts";
import type { AdmissionPlugin, Attributes } from "./plugin.ts";

const labels = ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"];

const isBinding = ({ resource, subresource }: Attributes) =>
  resource.group === "" &&
  ((resource.resource === "pods" && subresource === "binding") || resource.resource === "bindings");

/** The node that a pod is made on or is being bound to; "" where there is none yet. */
function nodeOf(attributes: Attributes): string {
  if (!isBinding(attributes)) return (attributes.object as unknown as Pod).spec?.nodeName ?? "";
  const { target } = attributes.object as unknown as Binding;
  return target?.kind === "Node" ? (target.name ?? "") : "";
}

function setLabels({ metadata }: AnyObject, { metadata: node }: Node): void {
  for (const label of labels) {
    const value = node.labels?.[label];
    if (value !== undefined) metadata.labels = { ...metadata.labels, [label]: value };
  }
}

/** Labels new pods that name a node, and bindings, whose labels go to the pod. */
export const podTopologyLabels: AdmissionPlugin = {
  name: "PodTopologyLabels",
  handles: (attributes) =>
    attributes.operation === "CREATE" && (isBinding(attributes) || isResource(attributes, "pods")),
  async admit(attributes) {
    const name = nodeOf(attributes);
    if (name === "" || !attributes.object) return;
    const node = await attributes.context.objects.get(nodes, "", name);
    if (node) setLabels(attributes.object, node as unknown as Node);
  },
};
