/** What probes and lifecycle hooks do. */
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  required,
} from "../../apimachinery/validation/field.ts";
import { isHTTPHeaderName } from "../../apimachinery/validation/names.ts";
import type { LifecycleHandler, Probe } from "../../openapi/types/core-v1.ts";
import { validatePortNumOrName } from "../validation/number.ts";

/** All that a probe or a hook can be. */
export type Handler = LifecycleHandler & { grpc?: Probe["grpc"] };

const schemes = ["HTTP", "HTTPS"];

function validateHttp(http: NonNullable<Handler["httpGet"]>, path: Path): FieldError[] {
  const { scheme = "", httpHeaders = [] } = http;
  const errors = http.path ? [] : [required(path.child("path"), "")];
  errors.push(...validatePortNumOrName(http.port, path.child("port")));
  if (!schemes.includes(scheme)) errors.push(notSupported(path.child("scheme"), scheme, schemes));
  for (const { name = "" } of httpHeaders) {
    errors.push(...isHTTPHeaderName(name).map((problem) => invalid(path.child("httpHeaders"), name, problem)));
  }
  return errors;
}

function validateSleep(seconds: number, graceSeconds: number | undefined, path: Path): FieldError[] {
  if (graceSeconds === undefined || (seconds >= 0 && seconds <= graceSeconds)) return [];
  const text = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`;
  return [invalid(path, seconds, text)];
}

/** One handler; `graceSeconds` is the pod's grace period. */
export function validateHandler(handler: Handler, graceSeconds: number | undefined, path: Path): FieldError[] {
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  const checks = {
    exec: exec && (() => (exec.command?.length ? [] : [required(path.child("exec", "command"), "")])),
    httpGet: httpGet && (() => validateHttp(httpGet, path.child("httpGet"))),
    tcpSocket: tcpSocket && (() => validatePortNumOrName(tcpSocket.port, path.child("tcpSocket", "port"))),
    grpc: grpc && (() => validatePortNumOrName(grpc.port, path.child("grpc", "port"))),
    sleep: sleep && (() => validateSleep(sleep.seconds ?? 0, graceSeconds, path.child("sleep"))),
  };
  const given = Object.entries(checks).flatMap(([name, check]) => (check ? [{ name, check }] : []));
  if (given.length === 0) return [required(path, "must specify a handler type")];
  const others = given
    .slice(1)
    .map(({ name }) => forbidden(path.child(name), "may not specify more than 1 handler type"));
  return [...given[0].check(), ...others];
}
