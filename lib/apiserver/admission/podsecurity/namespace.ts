/** A namespace under PodSecurity: labels that mean something, and a word about pods that a new level would refuse. */
import { newInvalid } from "../../../apimachinery/errors.ts";
import type { Namespace, Pod } from "../../../openapi/types/core-v1.ts";
import { pods } from "../../../openapi/types/resources.ts";
import type { Attributes } from "../plugin.ts";
import { findings, levelNames } from "./checks.ts";
import { type Policy, policyErrors, policyOf, policyText } from "./policy.ts";

/** More pods than this are not looked at. */
const maxPods = 3_000;

const privileged: Policy = { level: "privileged", version: "latest" };

/** Throws 422 for labels that mean nothing (an update may keep those that were there). Warns of pods that break a new level. */
export async function validateNamespace(attributes: Attributes): Promise<void> {
  const { object, oldObject, kind, name } = attributes;
  const labels = (object as unknown as Namespace).metadata.labels;
  const oldLabels = (oldObject as unknown as Namespace | undefined)?.metadata.labels;
  const errors = policyErrors(labels);
  const known = oldObject && JSON.stringify(policyErrors(oldLabels)) === JSON.stringify(errors);
  if (errors.length > 0 && !known) throw newInvalid(kind, name, errors);
  if (!oldObject) return;
  const now = policyOf(labels, "enforce") ?? privileged;
  const before = policyOf(oldLabels, "enforce") ?? privileged;
  const isRelaxed = now.version === before.version && rank(now) <= rank(before);
  if (now.level === "privileged" || isRelaxed) return;
  await warnOfPods(attributes, now);
}

/** Levels are listed from the one that allows most to the strictest. */
const rank = ({ level }: Policy) => levelNames.indexOf(level);

async function warnOfPods({ context, name, warn }: Attributes, policy: Policy): Promise<void> {
  const all = (await context.objects.list(pods, name)) as unknown as Pod[];
  const broken = new Map<string, string[]>();
  for (const pod of all.slice(0, maxPods)) {
    const reasons = findings(policy.level, pod).map(({ reason }) => reason);
    if (reasons.length === 0) continue;
    const text = reasons.join(", ");
    broken.set(text, [...(broken.get(text) ?? []), pod.metadata.name ?? ""]);
  }
  if (broken.size === 0) return;
  warn(
    `existing pods in namespace ${JSON.stringify(name)} violate the new PodSecurity enforce level ${policyText(policy)}`,
  );
  if (all.length > maxPods) {
    warn(`new PodSecurity enforce level only checked against the first ${maxPods} of ${all.length} existing pods`);
  }
  const texts = [...broken].map(([reasons, names]) => `${names[0]}${others(names.length - 1)}: ${reasons}`);
  for (const text of texts.sort()) warn(text);
}

function others(count: number): string {
  return count === 0 ? "" : ` (and ${count} other ${count === 1 ? "pod" : "pods"})`;
}
