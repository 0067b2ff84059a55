/** Container ports. */
import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  type Path,
  required,
} from "../../apimachinery/validation/field.ts";
import { isValidPortName, isValidPortNum } from "../../apimachinery/validation/names.ts";
import type { Container, ContainerPort, PodSpec } from "../../openapi/types/core-v1.ts";

const protocols = ["TCP", "UDP", "SCTP"];

const range = (value: number, at: Path) => isValidPortNum(value).map((problem) => invalid(at, value, problem));

/** The ports of one container; names are unique in it. */
export function validateContainerPorts(ports: readonly ContainerPort[] | undefined, path: Path): FieldError[] {
  const names = new Set<string>();
  return (ports ?? []).flatMap(({ name, containerPort, hostPort, protocol }, index) => {
    const at = path.index(index);
    const errors: FieldError[] = [];
    if (name) {
      const problems = isValidPortName(name);
      errors.push(...problems.map((problem) => invalid(at.child("name"), name, problem)));
      if (problems.length === 0 && names.has(name)) errors.push(duplicate(at.child("name"), name));
      if (problems.length === 0) names.add(name);
    }
    if (!containerPort) errors.push(required(at.child("containerPort"), ""));
    else errors.push(...range(containerPort, at.child("containerPort")));
    if (hostPort) errors.push(...range(hostPort, at.child("hostPort")));
    if (!protocol) errors.push(required(at.child("protocol"), ""));
    else if (!protocols.includes(protocol)) errors.push(notSupported(at.child("protocol"), protocol, protocols));
    return errors;
  });
}

/** Each port of the host is taken once. */
export function validateUniqueHostPorts(containers: readonly Container[], path: Path): FieldError[] {
  const taken = new Set<string>();
  return containers.flatMap(({ ports = [] }, index) =>
    ports.flatMap(({ protocol, hostIP = "", hostPort }, place) => {
      if (!hostPort) return [];
      const id = `${protocol}/${hostIP}/${hostPort}`;
      const at = path.index(index).child("ports").index(place).child("hostPort");
      if (taken.has(id)) return [duplicate(at, id)];
      taken.add(id);
      return [];
    }),
  );
}

/** On the host's network a container's port is the host's. `isPod`: the host's must be given, too. */
export function validateHostNetworkPorts(spec: PodSpec, isPod: boolean, path: Path): FieldError[] {
  if (!spec.hostNetwork) return [];
  return spec.containers.flatMap(({ ports = [] }, index) =>
    ports.flatMap(({ containerPort, hostPort = 0 }, place) => {
      if (hostPort === containerPort || (!isPod && hostPort === 0)) return [];
      const at = path.index(index).child("ports").index(place).child("hostPort");
      return [invalid(at, hostPort, "must match `containerPort` when `hostNetwork` is true")];
    }),
  );
}
