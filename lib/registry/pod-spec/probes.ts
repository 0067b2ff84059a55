/** Probes: what they do and how often. */
import { type FieldError, invalid, type Path } from "../../apimachinery/validation/field.ts";
import type { Container, Probe } from "../../openapi/types/core-v1.ts";
import { validateNonNegative } from "../validation/number.ts";
import { validateHandler } from "./handlers.ts";

const numbers = [
  "initialDelaySeconds",
  "timeoutSeconds",
  "periodSeconds",
  "successThreshold",
  "failureThreshold",
] as const;

function validateProbe(probe: Probe, graceSeconds: number | undefined, path: Path): FieldError[] {
  const errors = validateHandler(probe, graceSeconds, path);
  for (const name of numbers) errors.push(...validateNonNegative(probe[name], path.child(name)));
  const own = probe.terminationGracePeriodSeconds;
  if (own !== undefined && own <= 0) {
    errors.push(invalid(path.child("terminationGracePeriodSeconds"), own, "must be greater than 0"));
  }
  return errors;
}

/** Liveness and startup probes end a container: one success is all they count. */
function validateEnding(probe: Probe | undefined, graceSeconds: number | undefined, path: Path): FieldError[] {
  if (!probe) return [];
  const errors = validateProbe(probe, graceSeconds, path);
  if (probe.successThreshold === 1) return errors;
  return [...errors, invalid(path.child("successThreshold"), probe.successThreshold ?? 0, "must be 1")];
}

function validateReadiness(probe: Probe | undefined, graceSeconds: number | undefined, path: Path): FieldError[] {
  if (!probe) return [];
  const errors = validateProbe(probe, graceSeconds, path);
  const own = probe.terminationGracePeriodSeconds;
  if (own === undefined) return errors;
  const text = "must not be set for readinessProbes";
  return [...errors, invalid(path.child("terminationGracePeriodSeconds"), own, text)];
}

/** All probes of a container. */
export function validateProbes(container: Container, graceSeconds: number | undefined, path: Path): FieldError[] {
  return [
    ...validateEnding(container.livenessProbe, graceSeconds, path.child("livenessProbe")),
    ...validateReadiness(container.readinessProbe, graceSeconds, path.child("readinessProbe")),
    ...validateEnding(container.startupProbe, graceSeconds, path.child("startupProbe")),
  ];
}
