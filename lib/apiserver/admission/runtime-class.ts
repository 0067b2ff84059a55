/** RuntimeClass: a pod gets the overhead, the node selector and the tolerations of its class. */
import { semanticEqual } from "../../apimachinery/equality.ts";
import { parseQuantity } from "../../apimachinery/quantity.ts";
import type { Pod, PodSpec, Toleration } from "../../openapi/types/core-v1.ts";
import type { RuntimeClass } from "../../openapi/types/node-v1.ts";
import { runtimeclasses } from "../../openapi/types/resources.ts";
import { denied, isResource } from "./denial.ts";
import type { AdmissionPlugin, Attributes } from "./plugin.ts";

async function classOf({ runtimeClassName }: PodSpec, attributes: Attributes): Promise<RuntimeClass | undefined> {
  if (runtimeClassName === undefined) return undefined;
  const found = await attributes.context.objects.get(runtimeclasses, "", runtimeClassName);
  if (found) return found as unknown as RuntimeClass;
  throw denied(attributes, `pod rejected: RuntimeClass ${JSON.stringify(runtimeClassName)} not found`);
}

/** Whether two lists of resources are the same amounts. */
function sameAmounts(a: Record<string, string> = {}, b: Record<string, string> = {}): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => name in b && parseQuantity(a[name]).cmp(parseQuantity(b[name])) === 0);
}

/** Whether the first toleration covers the second one. */
function covers(first: Toleration, second: Toleration): boolean {
  if (semanticEqual(first, second)) return true;
  const { key = "", operator = "", effect = "", tolerationSeconds, value = "" } = first;
  if ((second.key ?? "") !== key && !(key === "" && operator === "Exists")) return false;
  if ((second.effect ?? "") !== effect && effect !== "") return false;
  if (effect === "NoExecute" && tolerationSeconds !== undefined) {
    const { tolerationSeconds: seconds } = second;
    if (seconds === undefined || seconds > tolerationSeconds) return false;
  }
  if (operator === "Exists") return true;
  return second.operator === "Equal" && (second.value ?? "") === value;
}

/** All tolerations but those that another one covers; of equal ones the first stays. */
export function mergeTolerations(first: readonly Toleration[], second: readonly Toleration[]): Toleration[] {
  const all = [...first, ...second];
  const merged: Toleration[] = [];
  for (const [index, toleration] of all.entries()) {
    if (merged.some((known) => covers(known, toleration))) continue;
    const later = all.slice(index + 1).filter((other) => !semanticEqual(other, toleration));
    if (!later.some((other) => covers(other, toleration))) merged.push(toleration);
  }
  return merged;
}

const mismatch = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";

function setScheduling(spec: PodSpec, { scheduling }: RuntimeClass, attributes: Attributes): void {
  if (!scheduling) return;
  const selector = { ...spec.nodeSelector };
  for (const [key, value] of Object.entries(scheduling.nodeSelector ?? {})) {
    if (key in selector && selector[key] !== value) {
      const text = `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${selector[key]}`;
      throw denied(attributes, text);
    }
    selector[key] = value;
  }
  if (spec.nodeSelector || scheduling.nodeSelector) spec.nodeSelector = selector;
  const tolerations = mergeTolerations(spec.tolerations ?? [], scheduling.tolerations ?? []);
  if (tolerations.length > 0) spec.tolerations = tolerations;
}

/** Gives new pods what their class says. */
export const runtimeClass: AdmissionPlugin = {
  name: "RuntimeClass",
  handles: (attributes) => isResource(attributes, "pods") && attributes.operation === "CREATE",
  async admit(attributes) {
    const { spec } = attributes.object as unknown as Pod;
    const found = spec && (await classOf(spec, attributes));
    if (!spec || !found) return;
    const overhead = found.overhead?.podFixed;
    if (found.overhead) {
      const given = Object.keys(spec.overhead ?? {}).length > 0;
      if (given && !sameAmounts(overhead, spec.overhead)) throw denied(attributes, mismatch);
      spec.overhead = overhead;
    }
    setScheduling(spec, found, attributes);
  },
  async validate(attributes) {
    const { spec } = attributes.object as unknown as Pod;
    if (!spec) return;
    const found = await classOf(spec, attributes);
    if (found?.overhead) {
      if (!sameAmounts(found.overhead.podFixed, spec.overhead)) throw denied(attributes, mismatch);
    } else if (spec.overhead) {
      const text = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead";
      throw denied(attributes, text);
    }
  },
};
