/** Validation of a Service (upstream: pkg/apis/core/validation/validation.go). */
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  path,
  required,
} from "../../../apimachinery/validation/field.ts";
import { validateCIDRForLegacyField, validateIPForLegacyField } from "../../../apimachinery/validation/ip.ts";
import { validateLabels } from "../../../apimachinery/validation/meta.ts";
import {
  isDNS1123Label,
  isDNS1123Subdomain,
  isQualifiedName,
  isValidPortNum,
} from "../../../apimachinery/validation/names.ts";
import type { Service, ServicePort } from "../../../openapi/types/core-v1.ts";
import { validateEndpointIP } from "../../validation/endpoint-ip.ts";
import { validatePortNumOrName } from "../../validation/number.ts";
import { validateClusterIPs, validateClusterIPsUpdate, validateFamiliesUpdate } from "./cluster-ips-validation.ts";
import { externallyAccessible, isHeadless, needsHealthCheck } from "./needs.ts";

const specField = path("spec");
const portsField = specField.child("ports");
const maxAffinitySeconds = 86_400;
const topologyHints = "service.kubernetes.io/topology-aware-hints";
const topologyMode = "service.kubernetes.io/topology-mode";
const sourceRanges = "service.beta.kubernetes.io/load-balancer-source-ranges";

const invalidIf = (problems: string[], field: Path, value: unknown) =>
  problems.map((problem) => invalid(field, value, problem));

/** A new Service, or with `old` one that replaces it. */
export function validateService(service: Service, old?: Service): FieldError[] {
  const { spec } = service;
  const errors = validateTopology(service);
  const needsPorts = !isHeadless(service) && spec.type !== "ExternalName";
  if (!spec.ports?.length && needsPorts) errors.push(required(portsField, ""));
  errors.push(...validateType(service));
  errors.push(...validatePorts(service));
  if (spec.selector) errors.push(...validateLabels(spec.selector, specField.child("selector")));
  errors.push(...validateAffinity(service));
  errors.push(...validateClusterIPs(service, old));
  errors.push(...validateExternalIPs(service, old));
  errors.push(...validateSourceRanges(service, old));
  errors.push(...validateLoadBalancerFields(service));
  errors.push(...validatePolicies(service));
  return errors;
}

/** A Service that replaces another version of itself. */
export function validateServiceUpdate(service: Service, old: Service): FieldError[] {
  const errors = [...validateClusterIPsUpdate(service, old), ...validateFamiliesUpdate(service, old)];
  const both = service.spec.type === "LoadBalancer" && old.spec.type === "LoadBalancer";
  if (both && service.spec.loadBalancerClass !== old.spec.loadBalancerClass) {
    errors.push(
      invalid(specField.child("loadBalancerClass"), service.spec.loadBalancerClass, "may not change once set"),
    );
  }
  // Upstream runs the check of the class's form in both of its passes.
  errors.push(...validateClass(service));
  const health = service.spec.healthCheckNodePort !== old.spec.healthCheckNodePort;
  if (needsHealthCheck(old) && needsHealthCheck(service) && health) {
    errors.push(forbidden(specField.child("healthCheckNodePort"), "field is immutable"));
  }
  return [...errors, ...validateService(service, old)];
}

function validateTopology({ metadata: { annotations = {} } }: Service): FieldError[] {
  const [mode, hints] = [annotations[topologyMode], annotations[topologyHints]];
  if (mode === undefined || hints === undefined || mode === hints) return [];
  const text = `must match annotations[${topologyHints}] when both are specified`;
  return [invalid(path("metadata", "annotations").key(topologyMode), mode, text)];
}

function validateType(service: Service): FieldError[] {
  const { spec } = service;
  const types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
  if (!spec.type) return [required(specField.child("type"), "")];
  if (!types.includes(spec.type)) return [notSupported(specField.child("type"), spec.type, types)];
  if (spec.type === "ExternalName") return validateExternalName(service);
  if (spec.type === "ClusterIP" || !isHeadless(service)) return [];
  const text = `may not be set to 'None' for ${spec.type} services`;
  return [invalid(specField.child("clusterIPs").index(0), spec.clusterIPs?.[0], text)];
}

function validateExternalName({ spec }: Service): FieldError[] {
  const errors: FieldError[] = [];
  const text = "may not be set for ExternalName services";
  if (spec.clusterIPs?.length) errors.push(forbidden(specField.child("clusterIPs"), text));
  if (spec.ipFamilies?.length) errors.push(forbidden(specField.child("ipFamilies"), text));
  if (spec.ipFamilyPolicy !== undefined) errors.push(forbidden(specField.child("ipFamilyPolicy"), text));
  const field = specField.child("externalName");
  const name = (spec.externalName ?? "").replace(/\.$/, "");
  if (name === "") errors.push(required(field, ""));
  else errors.push(...invalidIf(isDNS1123Subdomain(name), field, name));
  return errors;
}

function validatePorts({ spec }: Service): FieldError[] {
  const ports = spec.ports ?? [];
  const errors: FieldError[] = [];
  const names = new Set<string>();
  const nodePorts = new Set<string>();
  const numbers = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const field = portsField.index(index);
    errors.push(...validatePort(port, ports.length > 1, names, field));
    if (port.nodePort && spec.type === "ClusterIP") {
      errors.push(forbidden(field.child("nodePort"), "may not be used when `type` is 'ClusterIP'"));
    }
    const nodePort = `${port.protocol} ${port.nodePort}`;
    if (port.nodePort && nodePorts.has(nodePort)) errors.push(duplicate(field.child("nodePort"), port.nodePort));
    if (port.nodePort) nodePorts.add(nodePort);
    const number = `${port.protocol} ${port.port}`;
    if (numbers.has(number)) errors.push(duplicate(field, goPort(port)));
    numbers.add(number);
  }
  return errors;
}

/** The port as upstream shows it: its internal type. */
const goPort = ({ protocol, port }: ServicePort) => ({
  Name: "",
  Protocol: protocol,
  AppProtocol: null,
  Port: port,
  TargetPort: 0,
  NodePort: 0,
});

function validatePort(port: ServicePort, named: boolean, names: Set<string>, field: Path): FieldError[] {
  const errors: FieldError[] = [];
  const name = port.name ?? "";
  if (name === "" && named) errors.push(required(field.child("name"), ""));
  else if (name !== "") {
    errors.push(...invalidIf(isDNS1123Label(name), field.child("name"), name));
    if (names.has(name)) errors.push(duplicate(field.child("name"), name));
    names.add(name);
  }
  errors.push(...invalidIf(isValidPortNum(port.port), field.child("port"), port.port));
  const protocols = ["SCTP", "TCP", "UDP"];
  if (!port.protocol) errors.push(required(field.child("protocol"), ""));
  else if (!protocols.includes(port.protocol)) {
    errors.push(notSupported(field.child("protocol"), port.protocol, protocols));
  }
  errors.push(...validatePortNumOrName(port.targetPort, field.child("targetPort")));
  if (port.appProtocol !== undefined) {
    errors.push(...invalidIf(isQualifiedName(port.appProtocol), field.child("appProtocol"), port.appProtocol));
  }
  return errors;
}

function validateAffinity({ spec }: Service): FieldError[] {
  const field = specField.child("sessionAffinity");
  const config = specField.child("sessionAffinityConfig");
  const { sessionAffinity, sessionAffinityConfig } = spec;
  if (!sessionAffinity) return [required(field, "")];
  if (sessionAffinity === "None") {
    if (!sessionAffinityConfig) return [];
    return [forbidden(config, "must not be set when session affinity is None")];
  }
  if (sessionAffinity !== "ClientIP") return [notSupported(field, sessionAffinity, ["ClientIP", "None"])];
  const text = "when session affinity type is ClientIP";
  if (!sessionAffinityConfig) return [required(config, text)];
  const { clientIP } = sessionAffinityConfig;
  if (!clientIP) return [required(config.child("clientIP"), text)];
  const seconds = clientIP.timeoutSeconds;
  const at = config.child("clientIP", "timeoutSeconds");
  if (seconds === undefined) return [required(at, text)];
  if (seconds > 0 && seconds <= maxAffinitySeconds) return [];
  return [invalid(at, seconds, `must be greater than 0 and less than ${maxAffinitySeconds}`)];
}

function validateExternalIPs({ spec }: Service, old: Service | undefined): FieldError[] {
  return (spec.externalIPs ?? []).flatMap((ip, index) => {
    const field = specField.child("externalIPs").index(index);
    const errors = validateIPForLegacyField(field, ip, old?.spec.externalIPs);
    return errors.length > 0 ? errors : validateEndpointIP(ip, field);
  });
}

function validateSourceRanges({ spec, metadata }: Service, old: Service | undefined): FieldError[] {
  const annotation = metadata.annotations?.[sourceRanges];
  const ranges = spec.loadBalancerSourceRanges ?? [];
  const field = ranges.length
    ? specField.child("LoadBalancerSourceRanges")
    : path("metadata", "annotations").key(sourceRanges);
  if (ranges.length === 0 && annotation === undefined) return [];
  const errors: FieldError[] = [];
  if (spec.type !== "LoadBalancer") errors.push(forbidden(field, "may only be used when `type` is 'LoadBalancer'"));
  const trimmed = (list: readonly string[]) => list.map((text) => text.trim());
  if (ranges.length > 0) {
    const existing = trimmed(old?.spec.loadBalancerSourceRanges ?? []);
    for (const [index, range] of trimmed(ranges).entries()) {
      errors.push(...validateCIDRForLegacyField(field.index(index), range, existing));
    }
  } else if (annotation?.trim() && old?.metadata.annotations?.[sourceRanges] !== annotation) {
    for (const range of trimmed(annotation.split(","))) errors.push(...validateCIDRForLegacyField(field, range));
  }
  return errors;
}

function validateLoadBalancerFields(service: Service): FieldError[] {
  const { spec } = service;
  const errors: FieldError[] = [];
  const balancer = spec.type === "LoadBalancer";
  if (spec.allocateLoadBalancerNodePorts !== undefined && !balancer) {
    const text = "may only be used when `type` is 'LoadBalancer'";
    errors.push(forbidden(specField.child("allocateLoadBalancerNodePorts"), text));
  }
  if (spec.allocateLoadBalancerNodePorts === undefined && balancer) {
    errors.push(required(path("allocateLoadBalancerNodePorts"), ""));
  }
  return [...errors, ...validateClass(service)];
}

function validateClass({ spec }: Service): FieldError[] {
  const field = specField.child("loadBalancerClass");
  if (spec.loadBalancerClass === undefined) return [];
  if (spec.type !== "LoadBalancer") return [forbidden(field, "may only be used when `type` is 'LoadBalancer'")];
  return invalidIf(isQualifiedName(spec.loadBalancerClass), field, spec.loadBalancerClass);
}

const policies = ["Cluster", "Local"];

function validatePolicies(service: Service): FieldError[] {
  const { spec } = service;
  const errors: FieldError[] = [];
  const external = specField.child("externalTrafficPolicy");
  if (!externallyAccessible(service)) {
    if (spec.externalTrafficPolicy) {
      errors.push(invalid(external, spec.externalTrafficPolicy, "may only be set for externally-accessible services"));
    }
  } else if (!spec.externalTrafficPolicy) errors.push(required(external, ""));
  else if (!policies.includes(spec.externalTrafficPolicy)) {
    errors.push(notSupported(external, spec.externalTrafficPolicy, policies));
  }
  errors.push(...validateHealthPort(service));
  const internal = specField.child("internalTrafficPolicy");
  if (spec.internalTrafficPolicy === undefined) {
    if (["ClusterIP", "LoadBalancer", "NodePort"].includes(spec.type ?? "")) errors.push(required(internal, ""));
  } else if (!policies.includes(spec.internalTrafficPolicy)) {
    errors.push(notSupported(internal, spec.internalTrafficPolicy, policies));
  }
  const distributions = ["PreferClose", "PreferSameNode", "PreferSameZone"];
  const { trafficDistribution } = spec;
  if (trafficDistribution !== undefined && !distributions.includes(trafficDistribution)) {
    errors.push(notSupported(specField.child("trafficDistribution"), trafficDistribution, distributions));
  }
  return errors;
}

function validateHealthPort(service: Service): FieldError[] {
  const field = specField.child("healthCheckNodePort");
  const port = service.spec.healthCheckNodePort;
  if (needsHealthCheck(service)) return port ? invalidIf(isValidPortNum(port), field, port) : [required(field, "")];
  if (!port) return [];
  const text = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
  return [invalid(field, port, text)];
}
