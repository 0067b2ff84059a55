/** What a Service takes when it is written and gives back (upstream: pkg/registry/core/service/storage/alloc.go). */
import { newInternalError, newInvalid, StatusError } from "../../../apimachinery/errors.ts";
import { type FieldError, invalid, path } from "../../../apimachinery/validation/field.ts";
import type { Service } from "../../../openapi/types/core-v1.ts";
import type { Rollback, StrategyContext } from "../../strategy.ts";
import { AllocationError, releaseClusterIP, takeAnyClusterIP, takeClusterIP } from "./cluster-ip-allocator.ts";
import { initFamilies, keepsPreferDualStack } from "./ip-families.ts";
import {
  allocatesNodePorts,
  type Family,
  familyOf,
  hasNodePorts,
  needsClusterIP,
  needsHealthCheck,
  noClusterIP,
  nodePortsOf,
} from "./needs.ts";
import { NodePortOperation, releaseNodePort } from "./node-port-allocator.ts";

const portsField = path("spec", "ports");

const refuse = (service: Service, error: FieldError) =>
  newInvalid({ group: "", kind: "Service" }, service.metadata.name ?? "", [error]);

const families = (context: StrategyContext): Family[] => [...new Set(context.config.serviceCIDRs.map(familyOf))];

/** Gives a new Service, or one that changes, its addresses and ports; mutates it. Throws Invalid and InternalError. */
export async function allocate(
  service: Service,
  old: Service | undefined,
  context: StrategyContext,
): Promise<Rollback> {
  initFamilies(service, old, families(context));
  const addresses: string[] = [];
  const ports = new NodePortOperation(service, context);
  const rollback = async () => {
    if (!context.dryRun) for (const ip of addresses) await releaseClusterIP(ip, context);
    await ports.rollback();
  };
  try {
    await allocateAddresses(service, old, context, addresses);
    if (hasNodePorts(service)) {
      if (old) await updateNodePorts(service, old, ports);
      else await initNodePorts(service, ports);
    }
    if (needsHealthCheck(service) && !(old && needsHealthCheck(old))) await allocateHealthPort(service, ports);
  } catch (error) {
    await rollback();
    throw error;
  }
  return rollback;
}

async function allocateAddresses(
  service: Service,
  old: Service | undefined,
  context: StrategyContext,
  taken: string[],
): Promise<void> {
  const spec = service.spec;
  if (!needsClusterIP(service) || keepsPreferDualStack(service, old)) return;
  // Only a Service that had no address yet, or gets a second family, takes one.
  const fresh = !old || !needsClusterIP(old);
  if (!fresh && old.spec.clusterIPs?.[0] === noClusterIP) return;
  if (fresh && spec.clusterIPs?.[0] === noClusterIP) return;
  const wanted = spec.ipFamilies ?? [];
  const first = fresh ? 0 : (old.spec.ipFamilies ?? []).length;
  if (!fresh && !(first === 1 && wanted.length === 2)) return;
  const clusterIPs = [...(spec.clusterIPs ?? [])];
  for (const [index, family] of wanted.entries()) {
    if (index < first) continue;
    clusterIPs[index] = await allocateAddress(service, clusterIPs[index] ?? "", family as Family, context);
    taken.push(clusterIPs[index]);
  }
  spec.clusterIPs = clusterIPs;
  spec.clusterIP = clusterIPs[0];
}

async function allocateAddress(
  service: Service,
  ip: string,
  family: Family,
  context: StrategyContext,
): Promise<string> {
  const shown = service.spec.clusterIPs ?? [];
  try {
    return ip === "" ? await takeAnyClusterIP(family, service, context) : await takeClusterIP(ip, service, context);
  } catch (error) {
    if (!(error instanceof AllocationError)) throw error;
    if (ip !== "") {
      const text = `failed to allocate IP ${ip}: ${error.message}`;
      throw refuse(service, invalid(path("spec", "clusterIPs"), shown, text));
    }
    const name = JSON.stringify(service.metadata.name);
    throw newInternalError(`failed to allocate a serviceIP for Service ${name}: ${error.message}`);
  }
}

/** Takes a port; a problem with it is one of that field. */
async function takePort(service: Service, index: number, port: number, ports: NodePortOperation): Promise<void> {
  try {
    await ports.take(port);
  } catch (error) {
    if (!(error instanceof AllocationError)) throw error;
    throw refuse(service, invalid(portsField.index(index).child("nodePort"), port, error.message));
  }
}

async function takeAnyPort(ports: NodePortOperation): Promise<number> {
  try {
    return await ports.takeAny();
  } catch (error) {
    if (!(error instanceof AllocationError)) throw error;
    throw newInternalError(`failed to allocate a nodePort: ${error.message}`);
  }
}

/** One port number of several protocols (DNS) shares one node port. */
async function initNodePorts(service: Service, ports: NodePortOperation): Promise<void> {
  const list = service.spec.ports ?? [];
  const shared = new Map<number, number>();
  for (const [index, port] of list.entries()) {
    if (!port.nodePort && !allocatesNodePorts(service)) continue;
    const known = shared.get(port.port);
    if (known === undefined) {
      const asked = list.find((other) => other.port === port.port && other.nodePort)?.nodePort;
      if (asked) await takePort(service, index, asked, ports);
      port.nodePort = asked || (await takeAnyPort(ports));
      shared.set(port.port, port.nodePort);
    } else if (!port.nodePort) port.nodePort = known;
    else if (port.nodePort !== known) await takePort(service, index, port.nodePort, ports);
  }
}

async function updateNodePorts(service: Service, old: Service, ports: NodePortOperation): Promise<void> {
  const before = new Set(nodePortsOf(old));
  const seen = new Set<string>();
  for (const [index, port] of (service.spec.ports ?? []).entries()) {
    if (!port.nodePort && !allocatesNodePorts(service)) continue;
    if (!port.nodePort) port.nodePort = await takeAnyPort(ports);
    else if (!before.has(port.nodePort) && !ports.taken.includes(port.nodePort)) {
      await takePort(service, index, port.nodePort, ports);
    }
    const key = `${port.protocol} ${port.nodePort}`;
    if (seen.has(key)) throw newInternalError(`duplicate nodePort: {${key}}`);
    seen.add(key);
  }
}

async function allocateHealthPort(service: Service, ports: NodePortOperation): Promise<void> {
  const asked = service.spec.healthCheckNodePort;
  try {
    if (asked) await ports.take(asked);
    else service.spec.healthCheckNodePort = await ports.takeAny();
  } catch (error) {
    if (error instanceof StatusError || !(error instanceof AllocationError)) throw error;
    const what = asked ? `requested HealthCheck NodePort ${asked}` : "a HealthCheck NodePort 0";
    throw newInternalError(`failed to allocate ${what}: ${error.message}`);
  }
}

/** All that a Service has taken: addresses and ports. */
function held(service: Service): { addresses: string[]; ports: number[] } {
  const addresses = needsClusterIP(service)
    ? (service.spec.clusterIPs ?? []).filter((ip) => ip !== noClusterIP && ip !== "")
    : [];
  const ports = hasNodePorts(service) ? nodePortsOf(service) : [];
  const { healthCheckNodePort } = service.spec;
  if (needsHealthCheck(service) && healthCheckNodePort) ports.push(healthCheckNodePort);
  return { addresses, ports };
}

/** Gives back what `old` had taken and `service` does not hold any more; without `service`: everything. */
export async function release(old: Service, service: Service | undefined, context: StrategyContext): Promise<void> {
  const kept = service ? held(service) : { addresses: [], ports: [] };
  const { addresses, ports } = held(old);
  for (const ip of addresses) if (!kept.addresses.includes(ip)) await releaseClusterIP(ip, context);
  for (const port of new Set(ports)) if (!kept.ports.includes(port)) await releaseNodePort(port, context);
}
