/** Defaults of a Service (upstream: pkg/apis/core/v1/defaults.go). */
import type { Service } from "../../../openapi/types/core-v1.ts";
import { externallyAccessible } from "./needs.ts";

const affinitySeconds = 10_800;

/** Sets what a client left out. */
export function setServiceDefaults(service: Service): void {
  service.spec ??= {};
  service.status ??= { loadBalancer: {} };
  service.status.loadBalancer ??= {};
  const spec = service.spec;
  spec.type ||= "ClusterIP";
  setAffinity(spec);
  for (const port of spec.ports ?? []) {
    port.protocol ||= "TCP";
    if (!port.targetPort) port.targetPort = port.port;
  }
  if (externallyAccessible(service)) spec.externalTrafficPolicy ||= "Cluster";
  if (["ClusterIP", "NodePort", "LoadBalancer"].includes(spec.type)) spec.internalTrafficPolicy ??= "Cluster";
  if (spec.type !== "LoadBalancer") return;
  spec.allocateLoadBalancerNodePorts ??= true;
  for (const ingress of service.status.loadBalancer.ingress ?? []) if (ingress.ip) ingress.ipMode ??= "VIP";
}

function setAffinity(spec: Service["spec"]): void {
  spec.sessionAffinity ||= "None";
  if (spec.sessionAffinity === "None") delete spec.sessionAffinityConfig;
  else if (spec.sessionAffinity === "ClientIP" && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) {
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: affinitySeconds } };
  }
}
