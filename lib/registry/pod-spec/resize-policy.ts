/** Whether a container restarts when its resources change. */
import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  type Path,
  required,
} from "../../apimachinery/validation/field.ts";
import type { Container } from "../../openapi/types/core-v1.ts";

const resources = ["cpu", "memory"];
const policies = ["NotRequired", "RestartContainer"];

const oneOf = (value: string, known: readonly string[], path: Path): FieldError[] => {
  if (value === "") return [required(path, "")];
  return known.includes(value) ? [] : [notSupported(path, value, known)];
};

/** Upstream reports most of it of the list as a whole. */
export function validateResizePolicy(
  list: Container["resizePolicy"],
  podRestartPolicy: string | undefined,
  path: Path,
): FieldError[] {
  const seen = new Set<string>();
  return (list ?? []).flatMap(({ resourceName = "", restartPolicy = "" }, index) => {
    const errors = seen.has(resourceName) ? [duplicate(path.index(index), resourceName)] : [];
    seen.add(resourceName);
    errors.push(...oneOf(resourceName, resources, path), ...oneOf(restartPolicy, policies, path));
    if (podRestartPolicy === "Never" && restartPolicy !== "NotRequired") {
      errors.push(invalid(path, restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"));
    }
    return errors;
  });
}
