/** Warnings about a Service (upstream: pkg/api/service/warnings.go). */
import { path } from "../../../apimachinery/validation/field.ts";
import type { Service } from "../../../openapi/types/core-v1.ts";
import { warningsForCIDR, warningsForIP } from "../../validation/ip-warnings.ts";
import { noClusterIP } from "./needs.ts";

const topologyHints = "service.kubernetes.io/topology-aware-hints";

/** What a client should know of what it wrote. */
export function serviceWarnings({ spec, metadata }: Service): string[] {
  const warnings: string[] = [];
  if (metadata.annotations?.[topologyHints] !== undefined) {
    const mode = "service.kubernetes.io/topology-mode";
    warnings.push(`annotation ${topologyHints} is deprecated, please use ${mode} instead`);
  }
  const headless = spec.type === "ClusterIP" && spec.clusterIP === noClusterIP;
  const external = spec.externalIPs ?? [];
  if (spec.clusterIP && spec.clusterIP !== noClusterIP) {
    warnings.push(...each("clusterIPs", spec.clusterIPs ?? []));
  }
  if (headless) {
    if (spec.loadBalancerIP) warnings.push("spec.loadBalancerIP is ignored for headless services");
    if (external.length > 0) warnings.push("spec.externalIPs is ignored for headless services");
    if (spec.sessionAffinity !== "None") warnings.push("spec.SessionAffinity is ignored for headless services");
  }
  warnings.push(...each("externalIPs", external));
  if (external.length > 0 && !headless && spec.type !== "ExternalName") {
    warnings.push("spec.externalIPs is deprecated and may no longer be implemented in some clusters");
  }
  if (spec.loadBalancerIP) warnings.push(...warningsForIP(path("spec", "loadBalancerIP"), spec.loadBalancerIP));
  for (const [index, range] of (spec.loadBalancerSourceRanges ?? []).entries()) {
    warnings.push(...warningsForCIDR(path("spec", "loadBalancerSourceRanges").index(index), range));
  }
  if (spec.type === "ExternalName" && external.length > 0) {
    warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  }
  if (spec.type !== "ExternalName" && spec.externalName) {
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  }
  if (spec.trafficDistribution === "PreferClose") {
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  }
  return warnings;
}

const each = (field: string, ips: readonly string[]) =>
  ips.flatMap((ip, index) => warningsForIP(path("spec", field).index(index), ip));
