/** The row of a Service (upstream: pkg/printers/internalversion/printers.go). */
import type { Service } from "../../../openapi/types/core-v1.ts";
import { ageCell, labelsCell, noneIfEmpty } from "../../printers/cells.ts";
import type { TableContext } from "../../strategy.ts";

function externalIP({ spec, status }: Service): string {
  const external = spec.externalIPs ?? [];
  switch (spec.type) {
    case "ClusterIP":
    case "NodePort":
      return noneIfEmpty(external.join(","));
    case "LoadBalancer": {
      const ingress = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || "");
      const own = [...new Set(ingress.filter((text) => text !== ""))].sort();
      return [...own, ...external].join(",") || "<pending>";
    }
    case "ExternalName":
      return spec.externalName ?? "";
    default:
      return "<unknown>";
  }
}

const ports = ({ spec }: Service) =>
  (spec.ports ?? [])
    .map(({ port, nodePort, protocol }) => (nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`))
    .join(",");

/** Name, type, cluster IP, external IP, ports, age, selector. */
export function serviceCells(service: Service, { now }: TableContext): unknown[] {
  const { metadata, spec } = service;
  const clusterIP = spec.clusterIPs?.length ? spec.clusterIPs[0] : "<none>";
  return [
    metadata.name,
    spec.type ?? "",
    clusterIP,
    externalIP(service),
    noneIfEmpty(ports(service)),
    ageCell(metadata.creationTimestamp, now),
    labelsCell(spec.selector),
  ];
}
