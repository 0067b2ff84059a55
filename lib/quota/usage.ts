/** What an object uses of what quotas count (upstream: pkg/quota/v1/evaluator/core). */
import type { GroupResource } from "../apimachinery/errors.ts";
import { parseQuantity, type Quantity } from "../apimachinery/quantity.ts";
import type { PersistentVolumeClaim, Pod, Service } from "../openapi/types/core-v1.ts";
import { podLimits, podRequests } from "./pod-totals.ts";

/** Amounts by the name that a quota uses. */
export type Usage = ReadonlyMap<string, Quantity>;

const one = parseQuantity("1");
const many = (count: number) => parseQuantity(String(count));

/** Resources of the core group that quotas also count under their bare names. */
export const bareCounts: ReadonlySet<string> = new Set([
  "pods",
  "services",
  "persistentvolumeclaims",
  "configmaps",
  "secrets",
  "replicationcontrollers",
  "resourcequotas",
]);
/** Resources that quotas also count without `requests.` before them. */
const bareRequests = new Set(["cpu", "memory", "ephemeral-storage"]);

function podUsage({ spec }: Pod): [string, Quantity][] {
  if (!spec) return [];
  const usage: [string, Quantity][] = [];
  for (const [name, amount] of Object.entries(podRequests(spec))) {
    const quantity = parseQuantity(amount);
    if (bareRequests.has(name) || name.startsWith("hugepages-")) usage.push([name, quantity]);
    if (bareRequests.has(name) || name.includes("/") || name.startsWith("hugepages-")) {
      usage.push([`requests.${name}`, quantity]);
    }
  }
  for (const [name, amount] of Object.entries(podLimits(spec))) {
    if (bareRequests.has(name)) usage.push([`limits.${name}`, parseQuantity(amount)]);
  }
  return usage;
}

function serviceUsage({ spec }: Service): [string, Quantity][] {
  const ports = spec?.ports ?? [];
  if (spec?.type === "NodePort") return [["services.nodeports", many(ports.length)]];
  if (spec?.type !== "LoadBalancer") return [];
  const allocates = spec.allocateLoadBalancerNodePorts !== false;
  const nodePorts = allocates ? ports.length : ports.filter(({ nodePort }) => nodePort).length;
  return [
    ["services.loadbalancers", one],
    ["services.nodeports", many(nodePorts)],
  ];
}

function claimUsage({ spec, metadata }: PersistentVolumeClaim): [string, Quantity][] {
  const storageClass = metadata.annotations?.["volume.beta.kubernetes.io/storage-class"] ?? spec?.storageClassName;
  const prefix = storageClass ? `${storageClass}.storageclass.storage.k8s.io/` : undefined;
  const usage: [string, Quantity][] = prefix ? [[`${prefix}persistentvolumeclaims`, one]] : [];
  const storage = spec?.resources?.requests?.storage;
  if (storage === undefined) return usage;
  const quantity = parseQuantity(storage);
  usage.push(["requests.storage", quantity]);
  if (prefix) usage.push([`${prefix}requests.storage`, quantity]);
  return usage;
}

/** What a quota calls the number of objects of a resource. */
export function countName({ group, resource }: GroupResource): string {
  return `count/${group === "" ? resource : `${resource}.${group}`}`;
}

/** What the object uses, itself counted. */
export function usageOf({ group, resource }: GroupResource, object: unknown): Usage {
  const usage: [string, Quantity][] = [[countName({ group, resource }), one]];
  if (group !== "") return new Map(usage);
  if (bareCounts.has(resource)) usage.push([resource, one]);
  if (resource === "pods") usage.push(...podUsage(object as Pod));
  if (resource === "services") usage.push(...serviceUsage(object as Service));
  if (resource === "persistentvolumeclaims") usage.push(...claimUsage(object as PersistentVolumeClaim));
  return new Map(usage);
}

/** How much more the one is than the other; what does not grow is left out. */
export function growth(now: Usage, before: Usage): Usage {
  const grown: [string, Quantity][] = [];
  for (const [name, quantity] of now) {
    const old = before.get(name);
    const more = old ? quantity.sub(old) : quantity;
    if (more.sign() > 0) grown.push([name, more]);
  }
  return new Map(grown);
}
