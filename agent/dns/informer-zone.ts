/** The cluster's names from informers. */
import type { Informer } from "../../lib/client/informer.ts";
import type { Service } from "../../lib/openapi/types/core-v1.ts";
import type { EndpointSlice } from "../../lib/openapi/types/discovery-v1.ts";
import type { ZoneSource } from "./zone.ts";

const serviceNameLabel = "kubernetes.io/service-name";

/** Adds the indexes it needs. */
export function informerZone(services: Informer<Service>, slices: Informer<EndpointSlice>): ZoneSource {
  services.addIndex("ip", ({ spec }) => [...new Set([spec?.clusterIP ?? "", ...(spec?.clusterIPs ?? [])])]);
  slices.addIndex("service", ({ metadata }) => {
    const name = metadata.labels?.[serviceNameLabel];
    return name ? [`${metadata.namespace}/${name}`] : [];
  });
  return {
    service: (namespace, name) => services.get(`${namespace}/${name}`),
    slices: (namespace, name) => slices.byIndex("service", `${namespace}/${name}`),
    servicesByIp: (ip) => services.byIndex("ip", ip),
    // A node may not read namespaces: one without Services has no names in the domain.
    hasNamespace: (name) => services.list(name).length > 0,
  };
}
