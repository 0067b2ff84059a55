/** What a pod's containers ask for together (upstream: component-helpers/resource). */
import { parseQuantity, type Quantity } from "../../apimachinery/quantity.ts";
import type { PodSpec } from "../../openapi/types/core-v1.ts";

type Amounts = Map<string, Quantity>;

function add(sums: Amounts, list: Record<string, string> | undefined): void {
  for (const [name, text] of Object.entries(list ?? {})) {
    const quantity = parseQuantity(text);
    const sum = sums.get(name);
    sums.set(name, sum ? sum.add(quantity) : quantity);
  }
}

function raise(sums: Amounts, others: Amounts): void {
  for (const [name, quantity] of others) {
    const sum = sums.get(name);
    if (!sum || quantity.cmp(sum) > 0) sums.set(name, quantity);
  }
}

/** Whether an init container runs on beside the containers. */
export const isSidecar = ({ restartPolicy }: { restartPolicy?: string }) => restartPolicy === "Always";

/** The sum over containers and sidecars, or what an init container and the sidecars before it need where that is more. */
export function aggregateResources({ containers, initContainers = [] }: PodSpec, part: "requests" | "limits"): Amounts {
  const sums: Amounts = new Map();
  for (const { resources } of containers) add(sums, resources?.[part]);
  const sidecars: Amounts = new Map();
  const peaks: Amounts = new Map();
  for (const container of initContainers) {
    const list = container.resources?.[part];
    if (isSidecar(container)) {
      add(sums, list);
      add(sidecars, list);
      raise(peaks, sidecars);
      continue;
    }
    const needed = new Map(sidecars);
    add(needed, list);
    raise(peaks, needed);
  }
  raise(sums, peaks);
  return sums;
}
