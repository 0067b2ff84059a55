/** Which endpoints a Service's traffic goes to from this node (upstream: pkg/proxy/topology.go). */
import type { Service, ServicePort } from "../../lib/openapi/types/core-v1.ts";
import type { EndpointSlice } from "../../lib/openapi/types/discovery-v1.ts";

/** An address to send to. */
export interface Target {
  readonly ip: string;
  readonly port: number;
  /** It is on this node. */
  readonly local: boolean;
}

/** What a port of a Service leads to. `none`: nobody in the whole cluster serves it, so it is refused, not dropped. */
export interface PortTargets {
  readonly none: boolean;
  /** For traffic from inside the cluster. */
  readonly internal: readonly Target[];
  /** For traffic that comes by a node port or an external address. */
  readonly external: readonly Target[];
}

interface Candidate extends Target {
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
}

/** The targets of one port. Sorted by address, so that the same input gives the same rules. */
export function portTargets(
  service: Service,
  port: ServicePort,
  slices: readonly EndpointSlice[],
  nodeName: string,
): PortTargets {
  const all = candidates(port, slices, nodeName);
  const cluster = usable(all);
  const local = usable(all.filter((one) => one.local));
  const { internalTrafficPolicy, externalTrafficPolicy } = service.spec ?? {};
  return {
    none: cluster.length === 0,
    internal: internalTrafficPolicy === "Local" ? local : cluster,
    external: externalTrafficPolicy === "Local" ? local : cluster,
  };
}

/** Ready ones; where there are none, those that end but still serve. */
function usable(all: readonly Candidate[]): Target[] {
  const ready = all.filter((one) => one.ready);
  const chosen = ready.length > 0 ? ready : all.filter((one) => one.serving && one.terminating);
  return chosen.map(({ ip, port, local }) => ({ ip, port, local }));
}

function candidates(port: ServicePort, slices: readonly EndpointSlice[], nodeName: string): Candidate[] {
  const found = new Map<string, Candidate>();
  // Lists that a slice must have are null where they are empty.
  for (const { addressType, ports, endpoints } of slices) {
    if (addressType !== "IPv4") continue;
    const match = (ports ?? []).find(
      (one) => (one.name ?? "") === (port.name ?? "") && (one.protocol ?? "TCP") === (port.protocol ?? "TCP"),
    );
    if (match?.port === undefined) continue;
    for (const { addresses, conditions, nodeName: place } of endpoints ?? []) {
      const ip = addresses[0];
      if (!ip) continue;
      found.set(`${ip}:${match.port}`, {
        ip,
        port: match.port,
        local: place === nodeName,
        // Absent means ready.
        ready: conditions?.ready ?? true,
        serving: conditions?.serving ?? conditions?.ready ?? true,
        terminating: conditions?.terminating ?? false,
      });
    }
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}
