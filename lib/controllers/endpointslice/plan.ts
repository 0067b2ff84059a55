/** Spreads endpoints over slices with as few writes as possible (upstream: k8s.io/endpointslice/reconciler.go). */
import { deepEqual } from "../../apimachinery/equality.ts";
import type { Draft } from "../../apimachinery/meta.ts";
import { nameIsDNSSubdomain } from "../../apimachinery/validation/names.ts";
import type { Service } from "../../openapi/types/core-v1.ts";
import type { Endpoint, EndpointPort, EndpointSlice } from "../../openapi/types/discovery-v1.ts";
import { services } from "../../openapi/types/resources.ts";
import { newControllerRef } from "../owned.ts";
import { type AddressType, endpointKey, portsKey, sameEndpoint } from "./endpoint.ts";

/** The label that names a slice's Service. */
export const serviceNameLabel = "kubernetes.io/service-name";
/** The label that names who keeps a slice. */
export const managedByLabel = "endpointslice.kubernetes.io/managed-by";
/** Its value for ours. */
export const managedBy = "endpointslice-controller.k8s.io";

const headlessLabel = "service.kubernetes.io/headless";
const reserved = new Set([serviceNameLabel, managedByLabel, headlessLabel]);
const maxEndpoints = 100;

/** Endpoints with the same ports. */
export interface PortGroup {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

/** What is to be written. */
export interface SlicePlan {
  readonly create: Draft<EndpointSlice>[];
  readonly update: EndpointSlice[];
  readonly delete: EndpointSlice[];
}

/** The address types of a Service's slices. */
export function addressTypesOf(service: Service): Set<AddressType> {
  const { ipFamilies = [], clusterIP } = service.spec ?? {};
  if (ipFamilies.length > 0) return new Set(ipFamilies as AddressType[]);
  if (clusterIP && clusterIP !== "None") return new Set([clusterIP.includes(":") ? "IPv6" : "IPv4"]);
  return new Set(["IPv4", "IPv6"]);
}

/** What makes the slices of one address type hold the groups, and nothing else. */
export function planSlices(
  service: Service,
  type: AddressType,
  groups: ReadonlyMap<string, PortGroup>,
  existing: readonly EndpointSlice[],
): SlicePlan {
  const plan: SlicePlan = { create: [], update: [], delete: [] };
  const byPorts = new Map<string, EndpointSlice[]>();
  for (const slice of existing) {
    if (!isOwned(slice, service)) plan.delete.push(slice);
    else {
      const key = portsKey(slice.ports ?? []);
      byPorts.set(key, [...(byPorts.get(key) ?? []), slice]);
    }
  }
  for (const [key, group] of groups) planGroup(plan, service, type, group, byPorts.get(key) ?? []);
  for (const [key, slices] of byPorts) if (!groups.has(key)) plan.delete.push(...slices);
  if (plan.create.length === 0 && plan.delete.length === existing.length) keepPlaceholder(plan, service, type);
  reuse(plan, service);
  return plan;
}

/** A Service without endpoints has one empty slice, so that clients tell "none" from "not yet". */
function keepPlaceholder(plan: SlicePlan, service: Service, type: AddressType): void {
  const placeholder = draftSlice(service, type, []);
  const [only] = plan.delete;
  const kept =
    plan.delete.length === 1 &&
    isOwned(only, service) &&
    (only.endpoints ?? []).length === 0 &&
    (only.ports ?? []).length === 0 &&
    deepEqual(only.metadata.labels, placeholder.metadata.labels);
  if (kept) plan.delete.length = 0;
  else plan.create.push(placeholder);
}

/** A slice to be made takes the place of one to be deleted: one write instead of two, and no moment without. */
function reuse(plan: SlicePlan, service: Service): void {
  for (let index = 0; index < plan.delete.length && plan.create.length > 0; ) {
    const old = plan.delete[index];
    const draft = plan.create.at(-1);
    if (draft === undefined || old.addressType !== draft.addressType || !isOwned(old, service)) {
      index++;
      continue;
    }
    plan.create.pop();
    plan.delete.splice(index, 1);
    const metadata = { ...old.metadata, labels: draft.metadata.labels };
    plan.update.push({ ...old, metadata, ports: draft.ports, endpoints: draft.endpoints });
  }
}

function planGroup(
  plan: SlicePlan,
  service: Service,
  type: AddressType,
  group: PortGroup,
  existing: readonly EndpointSlice[],
): void {
  const wanted = new Map(group.endpoints.map((endpoint) => [endpointKey(endpoint), endpoint]));
  const unchanged = new Map<string, EndpointSlice>();
  const updated: EndpointSlice[] = [];
  for (const slice of existing) {
    const { endpoints, changed } = keep(slice, wanted);
    const relabelled = !deepEqual(ownLabels(slice.metadata.labels), ownLabels(service.metadata.labels));
    if (changed && endpoints.length === 0) plan.delete.push(slice);
    else if (changed || relabelled) {
      const metadata = { ...slice.metadata, labels: sliceLabels(service) };
      updated.push({ ...slice, metadata, endpoints });
    } else unchanged.set(slice.metadata.name, slice);
  }
  // Slices that are written anyway are filled first, the fullest before the others.
  const left = [...wanted.values()];
  updated.sort((a, b) => (b.endpoints?.length ?? 0) - (a.endpoints?.length ?? 0));
  for (const slice of updated) fill(slice, left);
  while (left.length > 0) {
    const roomy = left.length < maxEndpoints ? tightest([...unchanged.values()], left.length) : undefined;
    if (roomy === undefined) {
      const draft = draftSlice(service, type, group.ports);
      fill(draft, left);
      plan.create.push(draft);
      continue;
    }
    unchanged.delete(roomy.metadata.name);
    const slice = { ...roomy, endpoints: [...(roomy.endpoints ?? [])] };
    fill(slice, left);
    updated.push(slice);
  }
  plan.update.push(...updated);
}

/** The wanted endpoints that a slice has already; they are taken off `wanted`. */
function keep(slice: EndpointSlice, wanted: Map<string, Endpoint>): { endpoints: Endpoint[]; changed: boolean } {
  const endpoints: Endpoint[] = [];
  const current = slice.endpoints ?? [];
  let changed = false;
  for (const endpoint of current) {
    const key = endpointKey(endpoint);
    const next = wanted.get(key);
    if (next === undefined) continue;
    wanted.delete(key);
    endpoints.push(next);
    if (!sameEndpoint(endpoint, next)) changed = true;
  }
  return { endpoints, changed: changed || endpoints.length !== current.length };
}

/** Moves endpoints from `left` to a slice that is ours to change, up to its limit. */
function fill(slice: { endpoints?: Endpoint[] }, left: Endpoint[]): void {
  slice.endpoints ??= [];
  const room = maxEndpoints - slice.endpoints.length;
  slice.endpoints.push(...left.splice(0, Math.max(0, room)));
}

/** The slice that is fullest with so many more, if they fit. */
function tightest(slices: readonly EndpointSlice[], count: number): EndpointSlice | undefined {
  let best: EndpointSlice | undefined;
  let least = maxEndpoints;
  for (const slice of slices) {
    const room = maxEndpoints - count - (slice.endpoints?.length ?? 0);
    if (room < 0 || room >= least) continue;
    least = room;
    best = slice;
  }
  return best;
}

function isOwned(slice: EndpointSlice, service: Service): boolean {
  const owners = slice.metadata.ownerReferences ?? [];
  return owners.some((owner) => owner.uid === service.metadata.uid && owner.kind === "Service");
}

function ownLabels(labels: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => !reserved.has(key)));
}

function sliceLabels(service: Service): Record<string, string> {
  const { clusterIP } = service.spec ?? {};
  const headless = !clusterIP || clusterIP === "None";
  return {
    ...ownLabels(service.metadata.labels),
    ...(headless ? { [headlessLabel]: "" } : {}),
    [serviceNameLabel]: service.metadata.name,
    [managedByLabel]: managedBy,
  };
}

function draftSlice(service: Service, type: AddressType, ports: readonly EndpointPort[]): Draft<EndpointSlice> {
  const { name, namespace } = service.metadata;
  const dashed = `${name}-`;
  return {
    metadata: {
      generateName: nameIsDNSSubdomain(dashed, true).length === 0 ? dashed : name,
      namespace,
      labels: sliceLabels(service),
      ownerReferences: [newControllerRef(services, service)],
    },
    addressType: type,
    ports: [...ports],
    endpoints: [],
  };
}
