/** What a namespace uses of what a quota limits (upstream: staging/apiserver/pkg/quota/v1/resources.go and its evaluators). */
import type { GroupResource } from "../../apimachinery/errors.ts";
import type { KubeObject, Resource } from "../../apimachinery/meta.ts";
import { parseQuantity, type Quantity } from "../../apimachinery/quantity.ts";
import type { Pod, ResourceQuota } from "../../openapi/types/core-v1.ts";
import { persistentvolumeclaims, pods, services } from "../../openapi/types/resources.ts";
import { isInScope } from "../../quota/scopes.ts";
import { bareCounts, countName, usageOf } from "../../quota/usage.ts";
import type { ControllerContext } from "../controller.ts";
import { isPodTerminal } from "../pod-status.ts";

/** Resources whose objects use more than their number, and the names that quotas have for that. */
const measured: readonly { readonly resource: Resource; readonly counts: (name: string) => boolean }[] = [
  {
    resource: pods,
    counts: (name) =>
      /^(pods|cpu|memory|ephemeral-storage)$/.test(name) ||
      (/^(requests|limits)\./.test(name) && name !== "requests.storage") ||
      /^hugepages-/.test(name),
  },
  { resource: services, counts: (name) => /^services(\.nodeports|\.loadbalancers)?$/.test(name) },
  {
    resource: persistentvolumeclaims,
    counts: (name) =>
      name === "requests.storage" ||
      name === "persistentvolumeclaims" ||
      /\.storageclass\.storage\.k8s\.io\/(requests\.storage|persistentvolumeclaims)$/.test(name),
  },
];

const isSame = (a: GroupResource, b: GroupResource) => a.group === b.group && a.resource === b.resource;

/** Whether one of the names is about objects of the resource. */
export function countsResource(names: readonly string[], resource: GroupResource): boolean {
  const special = measured.find((one) => isSame(one.resource, resource));
  return names.some((name) => isCountOf(name, resource) || special?.counts(name));
}

function isCountOf(name: string, { group, resource }: GroupResource): boolean {
  return name === countName({ group, resource }) || (group === "" && name === resource && bareCounts.has(name));
}

/** What is used of each limit that is understood. Rejects as the client does. */
export async function usedOf(
  quota: ResourceQuota,
  context: Pick<ControllerContext, "informers" | "client" | "graph">,
): Promise<Record<string, string>> {
  const used = new Map<string, Quantity>();
  const names = Object.keys(quota.spec?.hard ?? {});
  for (const { resource } of measured) {
    if (!countsResource(names, resource)) continue;
    const objects = context.informers.get(resource).list(quota.metadata.namespace ?? "");
    for (const name of names)
      if (countsResource([name], resource)) used.set(name, used.get(name) ?? parseQuantity("0"));
    for (const object of objects) {
      if (!isInScope(quota, resource, object)) continue;
      for (const [name, amount] of usageIn(resource, object)) {
        const before = used.get(name);
        if (before !== undefined) used.set(name, before.add(amount));
      }
    }
  }
  for (const name of names) if (!used.has(name)) await count(name, quota, context, used);
  return Object.fromEntries([...used].map(([name, amount]) => [name, amount.toString()]));
}

/** A pod that has ended uses nothing but its own place in the store. */
function usageIn(resource: Resource, object: KubeObject): Iterable<[string, Quantity]> {
  const usage = usageOf(resource, object);
  if (resource !== (pods as Resource) || !isPodTerminal(object as Pod)) return usage;
  return [...usage].filter(([name]) => name === countName(resource));
}

/** Everything else is only counted; a quota with scopes is about pods alone. */
async function count(
  name: string,
  quota: ResourceQuota,
  { client, graph }: Pick<ControllerContext, "client" | "graph">,
  used: Map<string, Quantity>,
): Promise<void> {
  const [, plural, group = ""] = /^count\/([^.]+)(?:\.(.+))?$/.exec(name) ?? [
    undefined,
    bareCounts.has(name) ? name : "",
  ];
  const resource = plural ? await graph.resource(group, plural) : undefined;
  if (resource === undefined) return;
  const hasScopes = (quota.spec?.scopes?.length ?? 0) > 0 || quota.spec?.scopeSelector !== undefined;
  const number = hasScopes ? 0 : await numberOf(client, resource, quota.metadata.namespace ?? "");
  used.set(name, parseQuantity(String(number)));
}

async function numberOf(client: ControllerContext["client"], resource: Resource, namespace: string): Promise<number> {
  const { group, version } = resource;
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const list = await client.request<{ items: unknown[]; metadata: { remainingItemCount?: number } }>(
    "GET",
    `${root}/namespaces/${namespace}/${resource.resource}?limit=1`,
  );
  return list.items.length + (list.metadata.remainingItemCount ?? 0);
}
