/** Ports that clash or may be meant otherwise (upstream: pkg/api/pod/warnings.go). */
import type { Path } from "../../apimachinery/validation/field.ts";
import type { ContainerPort, PodSpec } from "../../openapi/types/core-v1.ts";
import { allContainers } from "./visit.ts";

/** As Go prints the struct. */
const portText = ({ name = "", hostPort = 0, containerPort, protocol, hostIP = "" }: ContainerPort) =>
  `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;

function clash(port: ContainerPort, other: ContainerPort): string | undefined {
  const [address, otherAddress] = [port.hostIP ?? "", other.hostIP ?? ""];
  const [number, otherNumber] = [port.hostPort ?? 0, other.hostPort ?? 0];
  if (address === otherAddress && number === otherNumber) return "duplicate port definition";
  if (number === 0 || otherNumber === 0) return "overlapping port definition";
  const oneIsEmpty = (address === "") !== (otherAddress === "");
  return number === otherNumber && oneIsEmpty ? "dangerously ambiguous port definition" : undefined;
}

function portsOf(spec: PodSpec, path: Path): [ContainerPort, Path][] {
  return allContainers(spec, path).flatMap(([{ ports = [] }, at]) =>
    ports.map((port, index): [ContainerPort, Path] => [port, at.child("ports").index(index)]),
  );
}

/** `path` is the spec's. */
export function portWarnings(spec: PodSpec, path: Path): string[] {
  const warnings: string[] = [];
  const ports = portsOf(spec, path);
  const seen = new Map<string, [ContainerPort, Path][]>();
  for (const [port, at] of ports) {
    if (port.hostIP && !port.hostPort) warnings.push(`${at}: hostIP set without hostPort: ${portText(port)}`);
    const id = `${port.containerPort}/${port.protocol}`;
    const others = seen.get(id) ?? [];
    for (const [other, place] of others) {
      const text = clash(port, other);
      if (text !== undefined) warnings.push(`${at}: ${text} with ${place}`);
    }
    seen.set(id, [...others, [port, at]]);
  }
  const names = new Map<string, Path>();
  for (const [{ name }, at] of ports) {
    const first = name ? names.get(name) : undefined;
    if (name && !first) names.set(name, at);
    if (!first) continue;
    const text = `duplicate port name ${JSON.stringify(name)} with ${first}`;
    warnings.push(`${at}: ${text}, services and probes that select ports by name will use ${first}`);
  }
  return warnings;
}
