/** NodePorts: host ports are taken once a node. */
import { type Plugin, unschedulable } from "../framework.ts";
import { type HostPort, podInfo } from "../node-info.ts";

const key = "NodePorts";
const everywhere = "0.0.0.0";

function conflict(a: HostPort, b: HostPort): boolean {
  if (a.port !== b.port || a.protocol !== b.protocol) return false;
  return a.ip === b.ip || a.ip === everywhere || b.ip === everywhere;
}

/** The plugin. */
export const nodePorts: Plugin = {
  name: key,
  preFilter(state, pod) {
    const wanted = podInfo(pod).hostPorts;
    if (wanted.length === 0) return "skip";
    state.set(key, wanted);
    return undefined;
  },
  filter(state, _pod, node) {
    const wanted = state.get(key) as HostPort[];
    for (const { hostPorts } of node.pods.values()) {
      if (hostPorts.some((taken) => wanted.some((port) => conflict(port, taken)))) {
        return unschedulable("node(s) didn't have free ports for the requested pod ports");
      }
    }
    return undefined;
  },
};
