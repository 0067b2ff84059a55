/** The class of service that a pod's requests and limits give it (upstream: pkg/apis/core/helper/qos). */
import { parseQuantity, type Quantity } from "../../../apimachinery/quantity.ts";
import type { PodSpec } from "../../../openapi/types/core-v1.ts";

type ResourceList = Record<string, string> | undefined;

const computed = ["cpu", "memory"] as const;

/** Adds the amounts above zero of what counts; tells whether all that counts was there. */
function add(list: ResourceList, sums: Map<string, Quantity>): boolean {
  let found = 0;
  for (const name of computed) {
    const text = list?.[name];
    if (text === undefined) continue;
    const quantity = parseQuantity(text);
    if (quantity.sign() <= 0) continue;
    found++;
    const sum = sums.get(name);
    sums.set(name, sum ? sum.add(quantity) : quantity);
  }
  return found === computed.length;
}

/** `Guaranteed`, `Burstable` or `BestEffort`. */
export function qosClass({ resources, containers, initContainers = [] }: PodSpec): string {
  const requests = new Map<string, Quantity>();
  const limits = new Map<string, Quantity>();
  const parts = resources ? [resources] : [...containers, ...initContainers].map((container) => container.resources);
  let guaranteed = true;
  for (const part of parts) {
    add(part?.requests, requests);
    if (!add(part?.limits, limits)) guaranteed = false;
  }
  if (requests.size === 0 && limits.size === 0) return "BestEffort";
  for (const [name, request] of requests) if (limits.get(name)?.cmp(request) !== 0) guaranteed = false;
  return guaranteed && requests.size === limits.size ? "Guaranteed" : "Burstable";
}
