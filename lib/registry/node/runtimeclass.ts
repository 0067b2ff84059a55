/** RuntimeClasses (upstream: pkg/registry/node/runtimeclass). */
import { type FieldError, invalid, path, required } from "../../apimachinery/validation/field.ts";
import { validateImmutableField, validateLabels } from "../../apimachinery/validation/meta.ts";
import { nameIsDNSLabel } from "../../apimachinery/validation/names.ts";
import type { RuntimeClass } from "../../openapi/types/node-v1.ts";
import { ageCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";
import { validateContainerResourceName, validateResourceQuantity } from "../validation/resource-names.ts";

function validate({ handler, overhead, scheduling }: RuntimeClass): FieldError[] {
  const errors: FieldError[] = handler
    ? nameIsDNSLabel(handler, false).map((problem) => invalid(path("handler"), handler, problem))
    : [required(path("handler"), "")];
  for (const [name, amount] of Object.entries(overhead?.podFixed ?? {})) {
    const field = path("overhead", "limits").key(name);
    errors.push(...validateContainerResourceName(name, field), ...validateResourceQuantity(name, amount, field));
  }
  return [...errors, ...validateLabels(scheduling?.nodeSelector, path("scheduling", "nodeSelector"))];
}

/** runtimeclasses.node.k8s.io */
export const runtimeClassStrategy: Strategy<RuntimeClass> = {
  validate,
  validateUpdate: (object, old) => validateImmutableField(object.handler, old.handler, path("handler")),
  cells: ({ metadata, handler }, { now }) => [metadata.name, handler, ageCell(metadata.creationTimestamp, now)],
};
