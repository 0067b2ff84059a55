/** TaintToleration: a node's NoSchedule and NoExecute taints keep pods away; PreferNoSchedule taints cost score. */
import { tolerated, untoleratedTaint } from "../../apimachinery/scheduling/taints.ts";
import { normalizeByMax, type Plugin, unresolvable } from "../framework.ts";

/** The plugin. */
export const taintToleration: Plugin = {
  name: "TaintToleration",
  weight: 3,
  filter(_state, pod, { node }) {
    const taint = untoleratedTaint(node.spec.taints, pod.spec.tolerations, ["NoSchedule", "NoExecute"]);
    return taint === undefined ? undefined : unresolvable("node(s) had untolerated taint(s)");
  },
  score(_state, pod, { node }) {
    const soft = (node.spec.taints ?? []).filter((taint) => taint.effect === "PreferNoSchedule");
    return soft.filter((taint) => !tolerated(pod.spec.tolerations, taint)).length;
  },
  normalize(scores) {
    normalizeByMax(scores, true);
  },
};
