/** NodeUnschedulable: cordoned nodes take only pods that tolerate it. */
import { tolerated } from "../../apimachinery/scheduling/taints.ts";
import { type Plugin, unresolvable } from "../framework.ts";

const taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };

/** The plugin. */
export const nodeUnschedulable: Plugin = {
  name: "NodeUnschedulable",
  filter(_state, pod, { node }) {
    if (!node.spec.unschedulable || tolerated(pod.spec.tolerations, taint)) return undefined;
    return unresolvable("node(s) were unschedulable");
  },
};
