/** ClusterRoles (upstream: pkg/registry/rbac/clusterrole). */
import { type FieldError, invalid, path, required } from "../../apimachinery/validation/field.ts";
import { validateLabelSelector } from "../../apimachinery/validation/meta.ts";
import { isValidLabelValue, pathSegmentName } from "../../apimachinery/validation/names.ts";
import type { ClusterRole } from "../../openapi/types/rbac-v1.ts";
import type { Strategy } from "../strategy.ts";
import { checkRole } from "./escalation.ts";
import { validateRules } from "./validation.ts";

const selectorsField = path("aggregationRule", "clusterRoleSelectors");

function validate({ rules, aggregationRule }: ClusterRole, allowInvalidLabelValue: boolean): FieldError[] {
  const errors = validateRules(rules, false);
  if (!aggregationRule) return errors;
  const selectors = aggregationRule.clusterRoleSelectors ?? [];
  if (selectors.length === 0) {
    const text = "at least one clusterRoleSelector required if aggregationRule is non-nil";
    errors.push(required(selectorsField, text));
  }
  for (const [index, selector] of selectors.entries()) {
    const field = selectorsField.index(index);
    errors.push(...validateLabelSelector(selector, field, { allowInvalidLabelValue }));
    const isSelector = validateLabelSelector(selector, field).length === 0;
    if (!isSelector) errors.push(invalid(field, null, "invalid label selector."));
  }
  return errors;
}

/** Whether a stored role has label values that would be refused today. */
const hasInvalidValues = ({ aggregationRule }: ClusterRole) =>
  (aggregationRule?.clusterRoleSelectors ?? []).some((selector) =>
    (selector.matchExpressions ?? []).some(({ values = [] }) =>
      values.some((value) => isValidLabelValue(value).length > 0),
    ),
  );

/** clusterroles */
export const clusterRoleStrategy: Strategy<ClusterRole> = {
  validateName: pathSegmentName,
  async beginCreate(role, context) {
    await checkRole("clusterroles", role, undefined, context);
    return undefined;
  },
  validate: (role) => validate(role, false),
  async beginUpdate(role, old, context) {
    await checkRole("clusterroles", role, old, context);
    return undefined;
  },
  validateUpdate: (role, old) => validate(role, hasInvalidValues(old)),
  cells: ({ metadata }) => [metadata.name, metadata.creationTimestamp],
};
