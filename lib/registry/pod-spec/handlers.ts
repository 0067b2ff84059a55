/** Probes and lifecycle hooks: what they do and how often. */
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  required,
} from "../../apimachinery/validation/field.ts";
import { isHTTPHeaderName, isValidPortName, isValidPortNum } from "../../apimachinery/validation/names.ts";
import type { Lifecycle, LifecycleHandler, Probe } from "../../openapi/types/core-v1.ts";

/** A number or a name of a port. */
export function validatePort(port: number | string | undefined, path: Path): FieldError[] {
  if (typeof port === "string") return isValidPortName(port).map((problem) => invalid(path, port, problem));
  return isValidPortNum(port ?? 0).map((problem) => invalid(path, port ?? 0, problem));
}

type Handler = LifecycleHandler & { grpc?: Probe["grpc"] };

function validateHttp(http: NonNullable<Handler["httpGet"]>, path: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (!http.path) errors.push(required(path.child("path"), ""));
  errors.push(...validatePort(http.port, path.child("port")));
  if (http.scheme !== "HTTP" && http.scheme !== "HTTPS") {
    errors.push(notSupported(path.child("scheme"), http.scheme ?? "", ["HTTP", "HTTPS"]));
  }
  for (const header of http.httpHeaders ?? []) {
    const problems = isHTTPHeaderName(header.name ?? "");
    errors.push(...problems.map((problem) => invalid(path.child("httpHeaders"), header.name ?? "", problem)));
  }
  return errors;
}

function validateHandler(handler: Handler, path: Path): FieldError[] {
  const errors: FieldError[] = [];
  const given = (["exec", "httpGet", "tcpSocket", "grpc", "sleep"] as const).filter((name) => handler[name]);
  for (const extra of given.slice(1))
    errors.push(forbidden(path.child(extra), "may not specify more than 1 handler type"));
  switch (given[0]) {
    case undefined:
      errors.push(required(path, "must specify a handler type"));
      break;
    case "exec":
      if (!handler.exec?.command?.length) errors.push(required(path.child("exec", "command"), ""));
      break;
    case "httpGet":
      if (handler.httpGet) errors.push(...validateHttp(handler.httpGet, path.child("httpGet")));
      break;
    case "tcpSocket":
      errors.push(...validatePort(handler.tcpSocket?.port, path.child("tcpSocket", "port")));
      break;
    case "grpc":
      errors.push(...validatePort(handler.grpc?.port, path.child("grpc", "port")));
      break;
  }
  return errors;
}

/** What a pod's grace period means for its hooks. */
export function validateLifecycle(lifecycle: Lifecycle | undefined, graceSeconds: number, path: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ["postStart", "preStop"] as const) {
    const hook = lifecycle?.[name];
    if (!hook) continue;
    errors.push(...validateHandler(hook, path.child(name)));
    const seconds = hook.sleep?.seconds;
    if (seconds !== undefined && (seconds < 0 || seconds > graceSeconds)) {
      const text = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds}). Note: the field only supports zero values when the PodLifecycleSleepActionAllowZero feature gate is enabled`;
      errors.push(invalid(path.child(name, "sleep"), seconds, text));
    }
  }
  return errors;
}

const numbers = [
  "initialDelaySeconds",
  "timeoutSeconds",
  "periodSeconds",
  "successThreshold",
  "failureThreshold",
] as const;

/** A probe; `graceAllowed`: it may have a grace period of its own (not readiness). */
export function validateProbe(probe: Probe | undefined, graceAllowed: boolean, path: Path): FieldError[] {
  if (!probe) return [];
  const errors = validateHandler(probe, path);
  for (const name of numbers) {
    if ((probe[name] ?? 0) < 0)
      errors.push(invalid(path.child(name), probe[name], "must be greater than or equal to 0"));
  }
  const grace = probe.terminationGracePeriodSeconds;
  if (grace !== undefined && graceAllowed && grace <= 0) {
    errors.push(invalid(path.child("terminationGracePeriodSeconds"), grace, "must be greater than 0"));
  }
  if (grace !== undefined && !graceAllowed) {
    errors.push(invalid(path.child("terminationGracePeriodSeconds"), grace, "must not be set for readinessProbes"));
  }
  return errors;
}

/** Liveness and startup probes know one success alone. */
export function validateSingleSuccess(probe: Probe | undefined, graceAllowed: boolean, path: Path): FieldError[] {
  const errors = validateProbe(probe, graceAllowed, path);
  if (probe && probe.successThreshold !== 1) {
    errors.push(invalid(path.child("successThreshold"), probe.successThreshold, "must be 1"));
  }
  return errors;
}
