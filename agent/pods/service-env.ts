/** Environment variables that tell where Services are (upstream: kubelet/envvars). */
import type { Service } from "../../lib/openapi/types/core-v1.ts";

const upper = (name: string) => name.toUpperCase().replaceAll("-", "_");

/** The variables of some Services, in their order; headless ones have none. */
export function serviceEnv(services: readonly Service[]): Map<string, string> {
  const env = new Map<string, string>();
  for (const { metadata, spec } of services) {
    const ip = spec?.clusterIP;
    const ports = spec?.ports ?? [];
    if (!ip || ip === "None" || ports.length === 0) continue;
    const name = upper(metadata.name);
    env.set(`${name}_SERVICE_HOST`, ip);
    env.set(`${name}_SERVICE_PORT`, String(ports[0].port));
    for (const port of ports) if (port.name) env.set(`${name}_SERVICE_PORT_${upper(port.name)}`, String(port.port));
    const host = ip.includes(":") ? `[${ip}]` : ip;
    for (const [index, { protocol = "TCP", port }] of ports.entries()) {
      const url = `${protocol.toLowerCase()}://${host}:${port}`;
      const prefix = `${name}_PORT_${port}_${protocol.toUpperCase()}`;
      if (index === 0) env.set(`${name}_PORT`, url);
      env.set(prefix, url);
      env.set(`${prefix}_PROTO`, protocol.toLowerCase());
      env.set(`${prefix}_PORT`, String(port));
      env.set(`${prefix}_ADDR`, ip);
    }
  }
  return env;
}

/** The Services that a pod is told of: `default/kubernetes` always, its own namespace's if it wants. */
export function servicesForPod(all: readonly Service[], namespace: string, enableServiceLinks: boolean): Service[] {
  const master = all.filter(({ metadata }) => metadata.namespace === "default" && metadata.name === "kubernetes");
  if (!enableServiceLinks) return master;
  const own = all.filter(({ metadata }) => metadata.namespace === namespace);
  const names = new Set(own.map(({ metadata }) => metadata.name));
  return [...own, ...master.filter(({ metadata }) => namespace !== "default" && !names.has(metadata.name))];
}
