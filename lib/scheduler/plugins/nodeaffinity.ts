/** NodeAffinity: nodeSelector and required terms filter, preferred terms score. */
import { matchesNodeChoice, termMatches } from "../../apimachinery/scheduling/node-affinity.ts";
import { normalizeByMax, type Plugin, unresolvable } from "../framework.ts";

/** The plugin. */
export const nodeAffinity: Plugin = {
  name: "NodeAffinity",
  weight: 2,
  preFilter(_state, pod) {
    const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    return required === undefined && pod.spec.nodeSelector === undefined ? "skip" : undefined;
  },
  filter(_state, pod, { node }) {
    return matchesNodeChoice(pod.spec, node)
      ? undefined
      : unresolvable("node(s) didn't match Pod's node affinity/selector");
  },
  preScore(_state, pod) {
    const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    return preferred.length === 0 ? "skip" : undefined;
  },
  score(_state, pod, { node }) {
    const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    return preferred.reduce((sum, { weight, preference }) => sum + (termMatches(preference, node) ? weight : 0), 0);
  },
  normalize(scores) {
    normalizeByMax(scores, false);
  },
};
