/** Container ports. */
import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  type Path,
  required,
} from "../../apimachinery/validation/field.ts";
import { validateIPForLegacyField } from "../../apimachinery/validation/ip.ts";
import { isValidPortName, isValidPortNum } from "../../apimachinery/validation/names.ts";
import type { Container, ContainerPort } from "../../openapi/types/core-v1.ts";

const protocols = ["TCP", "UDP", "SCTP"];

/** The ports of one container; names are unique in it. */
export function validateContainerPorts(ports: readonly ContainerPort[] | undefined, path: Path): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, port] of (ports ?? []).entries()) {
    const at = path.index(index);
    if (port.name) {
      const problems = isValidPortName(port.name);
      errors.push(...problems.map((problem) => invalid(at.child("name"), port.name, problem)));
      if (problems.length === 0 && names.has(port.name)) errors.push(duplicate(at.child("name"), port.name));
      names.add(port.name);
    }
    if (!port.containerPort) errors.push(required(at.child("containerPort"), ""));
    else errors.push(...range(port.containerPort, at.child("containerPort")));
    if (port.hostPort) errors.push(...range(port.hostPort, at.child("hostPort")));
    if (!port.protocol) errors.push(required(at.child("protocol"), ""));
    else if (!protocols.includes(port.protocol))
      errors.push(notSupported(at.child("protocol"), port.protocol, protocols));
    if (port.hostIP) errors.push(...validateIPForLegacyField(at.child("hostIP"), port.hostIP));
  }
  return errors;
}

const range = (value: number, at: Path) => isValidPortNum(value).map((problem) => invalid(at, value, problem));

/** Host ports of all containers: each once, and on the host's network the container's own. */
export function validateHostPorts(containers: readonly Container[], hostNetwork: boolean, path: Path): FieldError[] {
  const errors: FieldError[] = [];
  const taken = new Set<string>();
  for (const [index, { ports = [] }] of containers.entries()) {
    for (const [place, port] of ports.entries()) {
      const at = path.index(index).child("ports").index(place).child("hostPort");
      if (hostNetwork && port.hostPort !== port.containerPort) {
        errors.push(invalid(at, port.hostPort ?? 0, "must match `containerPort` when `hostNetwork` is true"));
      }
      if (!port.hostPort) continue;
      const id = `${port.protocol}/${port.hostIP ?? ""}/${port.hostPort}`;
      if (taken.has(id)) errors.push(duplicate(at, id));
      taken.add(id);
    }
  }
  return errors;
}
