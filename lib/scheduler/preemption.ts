/** DefaultPreemption: which pods of lower priority must go so that one fits (upstream: framework/preemption). Pure. */
import type { Pod } from "../openapi/types/core-v1.ts";
import type { Rejection } from "./framework.ts";
import type { NodeInfo } from "./node-info.ts";
import { type Attempt, fitErrorText } from "./schedule-pod.ts";

/** Which pods to evict from which node, or why none would help. */
export type Preemption = { readonly node: string; readonly victims: readonly Pod[] } | { readonly message: string };

const priority = (pod: Pod) => pod.spec.priority ?? 0;
const startTime = (pod: Pod) => pod.status?.startTime ?? pod.metadata.creationTimestamp;

/** More important: higher priority, then running for longer. */
function byImportance(a: Pod, b: Pod): number {
  return priority(b) - priority(a) || (startTime(a) < startTime(b) ? -1 : startTime(a) > startTime(b) ? 1 : 0);
}

/** The fewest pods of lower priority whose leaving makes room, or undefined where even all would not do. */
function victimsOn(attempt: Attempt, node: NodeInfo): Pod[] | undefined {
  const trial = node.clone();
  const lower = [...node.pods.values()].filter(({ pod }) => priority(pod) < priority(attempt.pod));
  if (lower.length === 0) return undefined;
  for (const { pod } of lower) trial.remove(pod.metadata.uid);
  if (attempt.filter(trial)) return undefined;
  const victims: Pod[] = [];
  for (const info of lower.sort((a, b) => byImportance(a.pod, b.pod))) {
    trial.add(info);
    if (!attempt.filter(trial)) continue;
    trial.remove(info.pod.metadata.uid);
    victims.push(info.pod);
  }
  return victims;
}

/** Less harm first: lowest top priority, lowest sum, fewest victims, latest start of the most important victim. */
function lessHarm(a: readonly Pod[], b: readonly Pod[]): number {
  const sum = (pods: readonly Pod[]) => pods.reduce((total, pod) => total + priority(pod) + 2 ** 31, 0);
  const top = priority(a[0]) - priority(b[0]);
  if (top !== 0) return top;
  const [left, right] = [sum(a), sum(b)];
  if (left !== right) return left - right;
  if (a.length !== b.length) return a.length - b.length;
  return startTime(a[0]) > startTime(b[0]) ? -1 : 1;
}

/** Looks on every node that turned the pod down for a reason that others' leaving can cure. */
export function preempt(
  attempt: Attempt,
  nodes: readonly NodeInfo[],
  rejections: ReadonlyMap<string, Rejection>,
): Preemption {
  if (attempt.pod.spec.preemptionPolicy === "Never") {
    return { message: "not eligible due to preemptionPolicy=Never." };
  }
  const candidates: { node: string; victims: Pod[] }[] = [];
  const hopeless = new Map<string, Rejection>();
  for (const node of nodes) {
    const name = node.node.metadata.name;
    const rejection = rejections.get(name);
    if (!rejection || rejection.unresolvable) continue;
    const victims = victimsOn(attempt, node);
    if (victims && victims.length > 0) candidates.push({ node: name, victims });
    else hopeless.set(name, { unresolvable: false, reasons: ["No preemption victims found for incoming pod"] });
  }
  if (candidates.length === 0) {
    return { message: fitErrorText(nodes.length, hopeless, "Preemption is not helpful for scheduling") };
  }
  return candidates.sort((a, b) => lessHarm(a.victims, b.victims))[0];
}
