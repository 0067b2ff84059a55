/** When a container starts again, apart from its pod's policy. */
import { type FieldError, notSupported, type Path, required, tooMany } from "../../apimachinery/validation/field.ts";
import type { Container } from "../../openapi/types/core-v1.ts";

const policies = ["Always", "Never", "OnFailure"];
const operators = ["In", "NotIn"];
const actions = ["Restart", "RestartAllContainers"];
const maxRules = 20;
const maxValues = 255;

/** Policy and rules. */
export function validateRestartPolicy({ restartPolicy, restartPolicyRules = [] }: Container, path: Path): FieldError[] {
  const errors: FieldError[] = [];
  const at = path.child("restartPolicy");
  if (restartPolicy === undefined) {
    if (restartPolicyRules.length === 0) return errors;
    errors.push(required(at, "must specify restartPolicy when restart rules are used"));
  } else if (!policies.includes(restartPolicy)) errors.push(notSupported(at, restartPolicy, policies));
  const rules = path.child("restartPolicyRules");
  if (restartPolicyRules.length > maxRules) errors.push(tooMany(rules, restartPolicyRules.length, maxRules));
  for (const [index, { action = "", exitCodes }] of restartPolicyRules.entries()) {
    const rule = rules.index(index);
    if (!actions.includes(action)) errors.push(notSupported(rule.child("action"), action, actions));
    const field = rule.child("exitCodes");
    if (!exitCodes) {
      errors.push(required(field, "must be specified"));
      continue;
    }
    const { operator = "", values = [] } = exitCodes;
    if (!operators.includes(operator)) errors.push(notSupported(field.child("operator"), operator, operators));
    if (values.length > maxValues) errors.push(tooMany(field.child("values"), values.length, maxValues));
  }
  return errors;
}
