/** NodeResourcesFit: what pods ask for must be free; the freer a node, the higher its score (LeastAllocated). */
import { type Amounts, podRequests } from "../../apimachinery/scheduling/pod-resources.ts";
import { maxNodeScore, type Plugin } from "../framework.ts";
import { type NodeInfo, type PodInfo, podInfo } from "../node-info.ts";

const key = "NodeResourcesFit";
const scored = ["cpu", "memory"];

function insufficient(requests: Amounts, { allocatable, requested, pods }: NodeInfo) {
  const reasons: string[] = [];
  let unresolvable = false;
  if (pods.size + 1 > (allocatable.get("pods") ?? 0)) reasons.push("Too many pods");
  for (const [resource, amount] of requests) {
    if (amount === 0) continue;
    const capacity = allocatable.get(resource) ?? 0;
    if (amount <= capacity - (requested.get(resource) ?? 0)) continue;
    reasons.push(`Insufficient ${resource}`);
    unresolvable ||= amount > capacity;
  }
  return reasons.length === 0 ? undefined : { reasons, unresolvable };
}

/** The plugin. */
export const nodeResourcesFit: Plugin = {
  name: key,
  preFilter(state, pod) {
    state.set(key, podRequests(pod.spec));
    return undefined;
  },
  filter(state, _pod, node) {
    return insufficient(state.get(key) as Amounts, node);
  },
  preScore(state, pod) {
    state.set(`${key}/score`, podInfo(pod));
    return undefined;
  },
  score(state, _pod, { allocatable, nonZeroRequested }) {
    const { nonZeroRequests } = state.get(`${key}/score`) as PodInfo;
    let sum = 0;
    let weights = 0;
    for (const resource of scored) {
      const capacity = allocatable.get(resource) ?? 0;
      if (capacity === 0) continue;
      const wanted = (nonZeroRequested.get(resource) ?? 0) + (nonZeroRequests.get(resource) ?? 0);
      sum += wanted > capacity ? 0 : Math.trunc(((capacity - wanted) * maxNodeScore) / capacity);
      weights++;
    }
    return weights === 0 ? 0 : Math.trunc(sum / weights);
  },
};
