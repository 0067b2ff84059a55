/** The conditions in the statuses of flow control's kinds (upstream: pkg/apis/flowcontrol/validation). */
import { duplicate, type FieldError, path, required } from "../../apimachinery/validation/field.ts";
import type { FlowSchemaStatus, PriorityLevelConfigurationStatus } from "../../openapi/types/flowcontrol-v1.ts";

/** Each has a type, and no two the same. */
export function validateConditions(
  status: FlowSchemaStatus | PriorityLevelConfigurationStatus | undefined,
): FieldError[] {
  const types = (status?.conditions ?? []).map(({ type }) => type ?? "");
  return types.flatMap((type, index) => {
    const field = path("status", "conditions").index(index).child("type");
    const errors = types.indexOf(type) < index ? [duplicate(field, type)] : [];
    return type === "" ? [...errors, required(field, "must not be empty")] : errors;
  });
}
