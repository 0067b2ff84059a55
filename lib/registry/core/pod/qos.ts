/** A pod's class of service (upstream: pkg/apis/core/helper/qos). */
import { parseQuantity } from "../../../apimachinery/quantity.ts";
import type { PodSpec } from "../../../openapi/types/core-v1.ts";

type Resources = { requests?: Record<string, string>; limits?: Record<string, string> } | undefined;
const counted = ["cpu", "memory"];

function given(list: Record<string, string> | undefined): Map<string, bigint> {
  const amounts = new Map<string, bigint>();
  for (const name of counted) {
    const quantity = list?.[name] === undefined ? undefined : parseQuantity(list[name]);
    if (quantity && quantity.sign() > 0) amounts.set(name, quantity.nanos);
  }
  return amounts;
}

/** Guaranteed, Burstable or BestEffort. */
export function qosClass(spec: PodSpec): string {
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  const parts: Resources[] = spec.resources ? [spec.resources] : containers.map(({ resources }) => resources);
  let any = false;
  let guaranteed = true;
  for (const resources of parts) {
    const [requests, limits] = [given(resources?.requests), given(resources?.limits)];
    any ||= requests.size > 0 || limits.size > 0;
    guaranteed &&= limits.size === counted.length;
    for (const [name, amount] of requests) guaranteed &&= limits.get(name) === amount;
  }
  if (!any) return "BestEffort";
  return guaranteed ? "Guaranteed" : "Burstable";
}
