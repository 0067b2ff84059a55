/** What an update means where it leaves out or changes allocated values (upstream: pkg/registry/core/service). */
import type { Service } from "../../../openapi/types/core-v1.ts";
import {
  allocatesNodePorts,
  externallyAccessible,
  hasNodePorts,
  needsClusterIP,
  needsHealthCheck,
  nodePortsOf,
  sameClusterIPs,
  sameFamilies,
} from "./needs.ts";

/** A client that sends a Service without what the server gave it keeps that. Mutates `service`. */
export function keepAllocatedValues(service: Service, old: Service): void {
  const spec = service.spec;
  if (needsClusterIP(old) && needsClusterIP(service)) {
    if (!spec.clusterIP) spec.clusterIP = old.spec.clusterIP;
    if (!spec.clusterIPs?.length && old.spec.clusterIPs?.length) spec.clusterIPs = [...old.spec.clusterIPs];
  }
  if (allocatesNodePorts(old) && allocatesNodePorts(service)) {
    const before = new Set(nodePortsOf(old));
    const used = new Set(nodePortsOf(service).filter((port) => before.has(port)));
    const byName = new Map((old.spec.ports ?? []).map((port) => [port.name ?? "", port.nodePort]));
    for (const port of spec.ports ?? []) {
      const known = port.nodePort ? undefined : byName.get(port.name ?? "");
      if (known && !used.has(known)) port.nodePort = known;
    }
  }
  if (needsHealthCheck(old) && needsHealthCheck(service) && !spec.healthCheckNodePort) {
    spec.healthCheckNodePort = old.spec.healthCheckNodePort;
  }
}

/** clusterIPs follows clusterIP where a client knows only that. Mutates `service`. */
export function syncClusterIPs(service: Service, old: Service | undefined): void {
  const spec = service.spec;
  const ip = spec.clusterIP ?? "";
  if (!old) {
    if (ip !== "" && !spec.clusterIPs?.length) spec.clusterIPs = [ip];
    return;
  }
  const oldIP = old.spec.clusterIP ?? "";
  if (old.spec.clusterIPs?.length && !spec.clusterIPs?.length && oldIP === ip) {
    spec.clusterIPs = [...old.spec.clusterIPs];
  }
  if (oldIP === ip) return;
  const samePlural = sameClusterIPs({ ...old, spec: { ...old.spec, clusterIP: ip } }, service);
  if (!samePlural) return;
  if (oldIP !== "" && ip === "") delete spec.clusterIPs;
  else spec.clusterIPs = [ip];
}

/** Drops what another type had and a client did not change with the type. Mutates `service`. */
export function dropTypeDependentFields(service: Service, old: Service): void {
  const spec = service.spec;
  if (needsClusterIP(old) && !needsClusterIP(service)) {
    if (sameClusterIPs(old, service)) {
      delete spec.clusterIP;
      delete spec.clusterIPs;
    }
    if (sameFamilies(old, service)) delete spec.ipFamilies;
    if ((old.spec.ipFamilyPolicy ?? "") === (spec.ipFamilyPolicy ?? "")) delete spec.ipFamilyPolicy;
  }
  const before = new Set(nodePortsOf(old));
  if (hasNodePorts(old) && !hasNodePorts(service) && nodePortsOf(service).every((port) => before.has(port))) {
    for (const port of spec.ports ?? []) delete port.nodePort;
  }
  const same = (name: keyof Service["spec"]) => old.spec[name] === spec[name];
  if (needsHealthCheck(old) && !needsHealthCheck(service) && same("healthCheckNodePort")) {
    delete spec.healthCheckNodePort;
  }
  if (old.spec.type === "LoadBalancer" && spec.type !== "LoadBalancer") {
    if (same("allocateLoadBalancerNodePorts")) delete spec.allocateLoadBalancerNodePorts;
    if (same("loadBalancerClass")) delete spec.loadBalancerClass;
  }
  if (externallyAccessible(old) && !externallyAccessible(service) && same("externalTrafficPolicy")) {
    delete spec.externalTrafficPolicy;
  }
  if (spec.type === "ExternalName") delete spec.internalTrafficPolicy;
  if (spec.type !== "LoadBalancer" && service.status) service.status.loadBalancer = {};
}
