/** RuntimeClasses (upstream: pkg/registry/node/runtimeclass). */
import { duplicate, type FieldError, invalid, type Path, path, required } from "../../apimachinery/validation/field.ts";
import { validateImmutableField, validateLabels } from "../../apimachinery/validation/meta.ts";
import { nameIsDNSLabel } from "../../apimachinery/validation/names.ts";
import type { Toleration } from "../../openapi/types/core-v1.ts";
import type { RuntimeClass } from "../../openapi/types/node-v1.ts";
import { validateTolerations } from "../pod-spec/tolerations.ts";
import { ageCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";
import { goValue } from "../validation/go-value.ts";
import { validateContainerResourceName, validateResourceQuantity } from "../validation/resource-names.ts";

/** No two that match the same, however long they tolerate it. */
function validateUnique(tolerations: readonly Toleration[], field: Path): FieldError[] {
  const keys = tolerations.map(({ key = "", operator = "", value = "", effect = "" }) =>
    JSON.stringify([key, operator, value, effect]),
  );
  return tolerations.flatMap((toleration, index) => {
    if (keys.indexOf(keys[index]) === index) return [];
    return [duplicate(field.index(index), goValue("core.v1.Toleration", toleration))];
  });
}

function validate({ handler, overhead, scheduling }: RuntimeClass): FieldError[] {
  const errors: FieldError[] = handler
    ? nameIsDNSLabel(handler, false).map((problem) => invalid(path("handler"), handler, problem))
    : [required(path("handler"), "")];
  for (const [name, amount] of Object.entries(overhead?.podFixed ?? {})) {
    const field = path("overhead", "limits").key(name);
    errors.push(...validateContainerResourceName(name, field), ...validateResourceQuantity(name, amount, field));
  }
  const at = path("scheduling");
  return [
    ...errors,
    ...validateLabels(scheduling?.nodeSelector, at.child("nodeSelector")),
    ...validateTolerations(scheduling?.tolerations, at.child("tolerations")),
    ...validateUnique(scheduling?.tolerations ?? [], at.child("tolerations")),
  ];
}

/** runtimeclasses.node.k8s.io */
export const runtimeClassStrategy: Strategy<RuntimeClass> = {
  validate,
  validateUpdate: (object, old) => validateImmutableField(object.handler, old.handler, path("handler")),
  cells: ({ metadata, handler }, { now }) => [metadata.name, handler, ageCell(metadata.creationTimestamp, now)],
};
