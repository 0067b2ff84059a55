/** PodDisruptionBudgets (upstream: pkg/registry/policy/poddisruptionbudget). */
import { type FieldError, invalid, notSupported, path } from "../../apimachinery/validation/field.ts";
import { validateLabelSelector } from "../../apimachinery/validation/meta.ts";
import type { PodDisruptionBudget } from "../../openapi/types/policy-v1.ts";
import { ageCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";
import { countGeneration, same } from "../validation/generation.ts";
import { validateAtMostHundredPercent, validatePositiveIntOrPercent } from "../validation/number.ts";
import { validateCounts } from "../validation/workload.ts";

const specField = path("spec");
const policies = ["AlwaysAllow", "IfHealthyBudget"];
const noStatus = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };

function validate({ spec = {} }: PodDisruptionBudget): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
    // The value is shown as upstream's internal type.
    const shown = {
      MinAvailable: spec.minAvailable,
      Selector: spec.selector ?? null,
      MaxUnavailable: spec.maxUnavailable,
      UnhealthyPodEvictionPolicy: spec.unhealthyPodEvictionPolicy ?? null,
    };
    errors.push(invalid(specField, shown, "minAvailable and maxUnavailable cannot be both set"));
  }
  for (const name of ["minAvailable", "maxUnavailable"] as const) {
    const field = specField.child(name);
    errors.push(...validatePositiveIntOrPercent(spec[name], field));
    errors.push(...validateAtMostHundredPercent(spec[name], field));
  }
  errors.push(...validateLabelSelector(spec.selector, specField.child("selector")));
  const policy = spec.unhealthyPodEvictionPolicy;
  if (policy === undefined || policies.includes(policy)) return errors;
  return [...errors, notSupported(specField.child("unhealthyPodEvictionPolicy"), policy, policies)];
}

/** poddisruptionbudgets.policy */
export const podDisruptionBudgetStrategy: Strategy<PodDisruptionBudget> = {
  prepareForCreate(budget) {
    budget.status = { ...noStatus };
    budget.metadata.generation = 1;
  },
  validate,
  prepareForUpdate(budget, old) {
    budget.status = old.status;
    countGeneration(budget.metadata, old.metadata, !same(budget.spec, old.spec));
  },
  validateUpdate: validate,
  cells: ({ metadata, spec, status }, { now }) => [
    metadata.name,
    String(spec?.minAvailable ?? "N/A"),
    String(spec?.maxUnavailable ?? "N/A"),
    status?.disruptionsAllowed ?? 0,
    ageCell(metadata.creationTimestamp, now),
  ],
  updateSubresources: {
    status: {
      prepareForUpdate(budget, old) {
        budget.spec = old.spec;
      },
      validateUpdate: ({ status }) =>
        validateCounts(status, ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"]),
    },
  },
};
