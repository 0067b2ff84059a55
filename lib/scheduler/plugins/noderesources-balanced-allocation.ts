/** NodeResourcesBalancedAllocation: prefers nodes whose cpu and memory are used in equal parts with the pod. */
import { type Amounts, podRequests } from "../../apimachinery/scheduling/pod-resources.ts";
import { maxNodeScore, type Plugin } from "../framework.ts";

const key = "NodeResourcesBalancedAllocation";
const scored = ["cpu", "memory"];

function balance(requested: readonly number[], capacity: readonly number[]): number {
  const fractions = requested
    .map((amount, index) => (capacity[index] === 0 ? undefined : Math.min(1, amount / capacity[index])))
    .filter((fraction) => fraction !== undefined);
  if (fractions.length < 2) return maxNodeScore;
  const mean = fractions.reduce((sum, fraction) => sum + fraction, 0) / fractions.length;
  const deviation =
    fractions.length === 2
      ? Math.abs((fractions[0] - fractions[1]) / 2)
      : Math.sqrt(fractions.reduce((sum, fraction) => sum + (fraction - mean) ** 2, 0) / fractions.length);
  return Math.trunc((1 - deviation) * maxNodeScore);
}

/** The plugin. */
export const nodeResourcesBalancedAllocation: Plugin = {
  name: key,
  preScore(state, pod) {
    const requests = podRequests(pod.spec);
    if (scored.every((resource) => (requests.get(resource) ?? 0) === 0)) return "skip";
    state.set(key, requests);
    return undefined;
  },
  score(state, _pod, { allocatable, requested }) {
    const requests = state.get(key) as Amounts;
    const capacity = scored.map((resource) => allocatable.get(resource) ?? 0);
    const before = scored.map((resource) => requested.get(resource) ?? 0);
    const after = scored.map((resource, index) => before[index] + (requests.get(resource) ?? 0));
    const half = maxNodeScore / 2;
    return half + Math.trunc((half + balance(after, capacity) - balance(before, capacity)) / 2);
  },
};
