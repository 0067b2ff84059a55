/** Hooks after a container's start and before its end, and the signal that ends it. */
import { type FieldError, forbidden, notSupported, type Path } from "../../apimachinery/validation/field.ts";
import type { Lifecycle } from "../../openapi/types/core-v1.ts";
import { validateHandler } from "./handlers.ts";

const realtime = (name: string, sign: string, last: number) =>
  Array.from({ length: last }, (_, index) => `${name}${sign}${index + 1}`);
const windowsSignals = ["SIGKILL", "SIGTERM"];
const linuxSignals = [
  ..."ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP"
    .split(" ")
    .map((name) => `SIG${name}`),
  ..."TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX".split(" ").map((name) => `SIG${name}`),
  ...realtime("SIGRTMIN", "+", 15),
  ...realtime("SIGRTMAX", "-", 14),
];

function validateSignal(signal: string, os: string | undefined, path: Path): FieldError[] {
  if (os === undefined) return [forbidden(path, "may not be set for containers with empty `spec.os.name`")];
  const known = os === "windows" ? windowsSignals : linuxSignals;
  return known.includes(signal) ? [] : [notSupported(path, signal, known)];
}

/** Hooks and signal; `os` is the pod's spec.os.name. */
export function validateLifecycle(
  lifecycle: Lifecycle | undefined,
  graceSeconds: number | undefined,
  os: string | undefined,
  path: Path,
): FieldError[] {
  if (!lifecycle) return [];
  const errors: FieldError[] = [];
  for (const name of ["postStart", "preStop"] as const) {
    const hook = lifecycle[name];
    if (hook) errors.push(...validateHandler(hook, graceSeconds, path.child(name)));
  }
  if (lifecycle.stopSignal === undefined) return errors;
  return [...errors, ...validateSignal(lifecycle.stopSignal, os, path.child("stopSignal"))];
}
