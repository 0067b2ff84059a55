/** Kernel parameters of a pod. */
import { duplicate, type FieldError, invalid, type Path, required } from "../../apimachinery/validation/field.ts";
import type { PodSpec } from "../../openapi/types/core-v1.ts";

const segment = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
const pattern = `^(${segment}[\\./])*${segment}$`;
const nameRegex = new RegExp(pattern);
const maxLength = 253;

/** `a/b` and `a.b` are the same parameter. */
function normalized(name: string): string {
  const first = /[./]/.exec(name)?.[0];
  return first === "/" ? name.replace(/[./]/g, (one) => (one === "/" ? "." : "/")) : name;
}

/** The kernel namespace that a parameter belongs to. */
function namespaceOf(name: string): "ipc" | "net" | undefined {
  const text = normalized(name);
  if (["kernel.sem", "kernel.shm_rmid_forced"].includes(text)) return "ipc";
  if (/^(kernel\.shm|kernel\.msg|fs\.mqueue\.)/.test(text)) return "ipc";
  return text.startsWith("net.") ? "net" : undefined;
}

/** Names are well-formed and unique, and none belongs to a namespace that the pod shares with its host. */
export function validateSysctls({ securityContext, hostNetwork, hostIPC }: PodSpec, path: Path): FieldError[] {
  const seen = new Set<string>();
  return (securityContext?.sysctls ?? []).flatMap(({ name = "" }, index) => {
    const at = path.index(index).child("name");
    const errors: FieldError[] = [];
    if (name === "") errors.push(required(at, ""));
    else if (name.length > maxLength || !nameRegex.test(name)) {
      errors.push(invalid(at, name, `must have at most ${maxLength} characters and match regex ${pattern}`));
    } else if (seen.has(name)) errors.push(duplicate(at, name));
    seen.add(name);
    const namespace = namespaceOf(name);
    if (hostNetwork && namespace === "net") {
      errors.push(invalid(at, name, "may not be specified when 'hostNetwork' is true"));
    } else if (hostIPC && namespace === "ipc") {
      errors.push(invalid(at, name, "may not be specified when 'hostIPC' is true"));
    }
    return errors;
  });
}
