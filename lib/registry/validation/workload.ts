/** What the kinds that make pods have in common (upstream: pkg/apis/apps/validation, pkg/registry/apps). */
import { labelSelectorAsSelector, type Selector } from "../../apimachinery/labels.ts";
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  path,
  required,
} from "../../apimachinery/validation/field.ts";
import { validateLabelSelector } from "../../apimachinery/validation/meta.ts";
import { isDNS1123Label } from "../../apimachinery/validation/names.ts";
import type { PodTemplateSpec } from "../../openapi/types/core-v1.ts";
import type { LabelSelector } from "../../openapi/types/meta-v1.ts";
import { validatePodTemplateSpec } from "../pod-spec/template.ts";
import { validateNonNegative } from "./number.ts";

/** What there is to say of a name that pods can't carry on in their host names. */
export function nameWarnings(name: string | undefined): string[] {
  const problems = isDNS1123Label(name ?? "");
  if (problems.length === 0) return [];
  const text = `[${problems.join(" ")}]`;
  return [
    `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: ${text}`,
  ];
}

/** A selector that is there and selects something. `kind` stands in the message. */
export function validateSelector(selector: LabelSelector | undefined, kind: string, field: Path): FieldError[] {
  if (!selector) return [required(field, "")];
  const errors = validateLabelSelector(selector, field);
  const { matchLabels = {}, matchExpressions = [] } = selector;
  if (Object.keys(matchLabels).length + matchExpressions.length > 0) return errors;
  return [...errors, invalid(field, selector, `empty selector is invalid for ${kind}`)];
}

/** The selector, or undefined where it is malformed. */
export function parsedSelector(selector: LabelSelector | undefined): Selector | undefined {
  try {
    return labelSelectorAsSelector(selector);
  } catch {
    return undefined;
  }
}

/** An error where the template's pods would not be selected. */
export function validateSelected(template: PodTemplateSpec, selector: Selector, field: Path): FieldError[] {
  const labels = template.metadata?.labels;
  if (selector.empty || selector.matches(labels)) return [];
  return [invalid(field.child("metadata", "labels"), labels ?? null, "`selector` does not match template `labels`")];
}

/** Pods that are kept running for ever: they restart always and have no deadline. */
export function validateAlwaysRunning({ spec }: PodTemplateSpec, kind: string, field: Path): FieldError[] {
  const errors: FieldError[] = [];
  const policy = spec?.restartPolicy;
  const podField = field.child("spec");
  if (policy !== "Always") errors.push(notSupported(podField.child("restartPolicy"), policy ?? "", ["Always"]));
  if (spec?.activeDeadlineSeconds !== undefined) {
    const text = `activeDeadlineSeconds in ${kind} is not Supported`;
    errors.push(forbidden(podField.child("activeDeadlineSeconds"), text));
  }
  return errors;
}

/** The selector and the template of ReplicaSets and Deployments. */
export function validateReplicatedTemplate(
  selector: LabelSelector | undefined,
  template: PodTemplateSpec = { spec: { containers: [] } },
  field: Path,
): FieldError[] {
  const errors = validateSelector(selector, "deployment", field.child("selector"));
  const parsed = parsedSelector(selector);
  if (!parsed) return [...errors, invalid(field.child("selector"), selector, "invalid label selector")];
  const at = field.child("template");
  return [
    ...errors,
    ...validateSelected(template, parsed, at),
    ...validatePodTemplateSpec(template, at),
    ...validateAlwaysRunning(template, "ReplicaSet", at),
  ];
}

/** Counts of a status: none below zero. */
export function validateCounts(status: object | undefined, names: readonly string[]): FieldError[] {
  const values = (status ?? {}) as Record<string, number | undefined>;
  return names.flatMap((name) => validateNonNegative(values[name], path("status", name)));
}

/** None of these counts of a status is above `limit`; `text` says so. */
export function validateAtMost(
  status: object | undefined,
  names: readonly string[],
  limit: string,
  text = `cannot be greater than status.${limit}`,
): FieldError[] {
  const values = (status ?? {}) as Record<string, number | undefined>;
  const most = values[limit] ?? 0;
  return names.flatMap((name) => {
    const value = values[name] ?? 0;
    return value > most ? [invalid(path("status", name), value, text)] : [];
  });
}

/** The counts of a ReplicaSet's status, or of a ReplicationController's, which has no terminatingReplicas. */
export function validateReplicaCounts(status: object | undefined): FieldError[] {
  return [
    ...validateCounts(status, [
      "replicas",
      "fullyLabeledReplicas",
      "readyReplicas",
      "availableReplicas",
      "observedGeneration",
      "terminatingReplicas",
    ]),
    ...validateAtMost(status, ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"], "replicas"),
    ...validateAtMost(status, ["availableReplicas"], "readyReplicas", "cannot be greater than readyReplicas"),
  ];
}

/** The count of name collisions only grows. */
export function validateCollisionCount(value: number | undefined, old: number | undefined): FieldError[] {
  if (old === undefined || (value !== undefined && value >= old)) return [];
  return [invalid(path("status", "collisionCount"), value ?? 0, "cannot be decremented")];
}
