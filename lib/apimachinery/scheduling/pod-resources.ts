/** What a pod asks for in all (upstream: component-helpers/resource). */
import { parseQuantity, type Quantity } from "../quantity.ts";

/** A list of resources: cpu, memory, ... */
export type ResourceList = Record<string, string>;

/** The part of a container that counts. */
interface ResourceContainer {
  restartPolicy?: string;
  resources?: { requests?: ResourceList; limits?: ResourceList };
}

/** The part of a pod's spec that counts. */
export interface ResourceSpec {
  containers: ResourceContainer[];
  initContainers?: ResourceContainer[];
  overhead?: ResourceList;
  resources?: { requests?: ResourceList; limits?: ResourceList };
}

/** Amounts by resource: cpu in thousandths, all others in whole units. */
export type Amounts = Map<string, number>;

/** The amount of a quantity: cpu in thousandths, all others in whole units. Rounded up. */
export function amountOf(resource: string, quantity: Quantity): number {
  return Number(resource === "cpu" ? quantity.milliValue() : quantity.value());
}

/** A list of quantities as amounts. */
export function amountsOf(list: ResourceList | undefined): Amounts {
  const amounts: Amounts = new Map();
  for (const [resource, text] of Object.entries(list ?? {}))
    amounts.set(resource, amountOf(resource, parseQuantity(text)));
  return amounts;
}

function add(into: Amounts, more: Amounts): void {
  for (const [resource, amount] of more) into.set(resource, (into.get(resource) ?? 0) + amount);
}

function raise(into: Amounts, other: Amounts): void {
  for (const [resource, amount] of other) into.set(resource, Math.max(into.get(resource) ?? 0, amount));
}

/**
 * The containers' sum with the sidecars', or the largest moment of the init phase where that is more; pod-level
 * numbers replace it; overhead comes on top.
 */
function total(spec: ResourceSpec, kind: "requests" | "limits"): Amounts {
  const sum: Amounts = new Map();
  for (const container of spec.containers) add(sum, amountsOf(container.resources?.[kind]));
  const sidecars: Amounts = new Map();
  const largest: Amounts = new Map();
  for (const container of spec.initContainers ?? []) {
    const amounts = amountsOf(container.resources?.[kind]);
    if (container.restartPolicy === "Always") {
      add(sum, amounts);
      add(sidecars, amounts);
      raise(largest, sidecars);
    } else {
      add(amounts, sidecars);
      raise(largest, amounts);
    }
  }
  raise(sum, largest);
  for (const [resource, amount] of amountsOf(spec.resources?.[kind])) sum.set(resource, amount);
  add(sum, amountsOf(spec.overhead));
  return sum;
}

/** What a scheduler sets aside for the pod. */
export function podRequests(spec: ResourceSpec): Amounts {
  return total(spec, "requests");
}

/** The most that the pod may use; a resource without a limit is absent. */
export function podLimits(spec: ResourceSpec): Amounts {
  return total(spec, "limits");
}
