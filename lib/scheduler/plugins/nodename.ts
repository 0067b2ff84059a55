/** NodeName: a pod that names its node runs nowhere else. */
import { type Plugin, unresolvable } from "../framework.ts";

/** The plugin. */
export const nodeName: Plugin = {
  name: "NodeName",
  filter(_state, pod, { node }) {
    if (!pod.spec.nodeName || pod.spec.nodeName === node.metadata.name) return undefined;
    return unresolvable("node(s) didn't match the requested node name");
  },
};
