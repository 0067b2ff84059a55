/**
 * ResourceQuota: a namespace uses no more than its quotas allow. The use is added to the quotas' status before the object
 * is stored; what is not stored after all is taken back by the quota controller (upstream: apiserver/pkg/admission/plugin/resourcequota).
 */

import type { AnyObject } from "../../../apimachinery/meta.ts";
import { parseQuantity } from "../../../apimachinery/quantity.ts";
import type { Container, Pod, ResourceQuota } from "../../../openapi/types/core-v1.ts";
import { resourcequotas } from "../../../openapi/types/resources.ts";
import { isInScope } from "../../../quota/scopes.ts";
import { growth, type Usage, usageOf } from "../../../quota/usage.ts";
import { denied } from "../denial.ts";
import type { AdmissionPlugin, Attributes } from "../plugin.ts";

/** What every container must say where a quota counts it. */
const mandatory: Readonly<Record<string, (container: Container) => string | undefined>> = {
  cpu: ({ resources }) => resources?.requests?.cpu,
  memory: ({ resources }) => resources?.requests?.memory,
  "requests.cpu": ({ resources }) => resources?.requests?.cpu,
  "requests.memory": ({ resources }) => resources?.requests?.memory,
  "limits.cpu": ({ resources }) => resources?.limits?.cpu,
  "limits.memory": ({ resources }) => resources?.limits?.memory,
};

const isPod = ({ resource }: Attributes) => resource.group === "" && resource.resource === "pods";

/** What the pod's containers leave out, though the quota counts it: `cpu for: a,b; memory for: a`. */
function unsaid({ spec }: Pod, counted: readonly string[]): string | undefined {
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  const texts = counted.filter((name) => name in mandatory).sort();
  const missing = texts.flatMap((name) => {
    const names = containers.filter((one) => mandatory[name](one) === undefined).map((one) => one.name);
    return names.length === 0 ? [] : [`${name} for: ${[...new Set(names)].sort().join(",")}`];
  });
  return missing.length === 0 ? undefined : missing.join("; ");
}

const list = (names: readonly string[], amount: (name: string) => unknown) =>
  names.map((name) => `${name}=${amount(name)}`).join(",");

/** The quota's status with the use added; undefined where it counts nothing of it. Throws 403 where it is too much. */
function charged(quota: ResourceQuota, use: Usage, attributes: Attributes): ResourceQuota | undefined {
  const { name } = quota.metadata;
  const hard = quota.status?.hard ?? {};
  const counted = [...use.keys()].filter((resource) => hard[resource] !== undefined).sort();
  if (counted.length === 0) return undefined;
  const used = quota.status?.used ?? {};
  const unknown = counted.filter((resource) => used[resource] === undefined);
  if (unknown.length > 0) {
    throw denied(attributes, `status unknown for quota: ${name}, resources: ${unknown.join(",")}`);
  }
  const next = Object.fromEntries(
    counted.map((resource) => [resource, parseQuantity(used[resource]).add(use.get(resource) ?? parseQuantity("0"))]),
  );
  const exceeded = counted.filter((resource) => next[resource].cmp(parseQuantity(hard[resource])) > 0);
  if (exceeded.length > 0) {
    const parts = [
      `requested: ${list(exceeded, (resource) => use.get(resource))}`,
      `used: ${list(exceeded, (resource) => used[resource])}`,
      `limited: ${list(exceeded, (resource) => hard[resource])}`,
    ];
    throw denied(attributes, `exceeded quota: ${name}, ${parts.join(", ")}`);
  }
  const texts = Object.fromEntries(counted.map((resource) => [resource, next[resource].toString()]));
  return { ...quota, status: { ...quota.status, used: { ...used, ...texts } } };
}

/** The quotas that are about the object. Throws 403 where the pod does not say what one of them counts. */
async function quotasOf(attributes: Attributes): Promise<ResourceQuota[]> {
  const { context, namespace, object } = attributes;
  const all = (await context.objects.list(resourcequotas, namespace)) as unknown as ResourceQuota[];
  const found = all.filter((quota) => isInScope(quota, attributes.resource, object));
  for (const quota of found) {
    const counted = Object.keys(quota.status?.hard ?? {});
    const missing = isPod(attributes) ? unsaid(object as unknown as Pod, counted) : undefined;
    if (missing) throw denied(attributes, `failed quota: ${quota.metadata.name}: must specify ${missing}`);
  }
  return found;
}

/** Updates that can use more than before; of all other kinds only creates count. */
const growing = new Set(["services", "persistentvolumeclaims"]);

/** Checks and charges; it runs last, when nothing else can refuse. */
export const resourceQuota: AdmissionPlugin = {
  name: "ResourceQuota",
  handles({ operation, subresource, namespace, resource }) {
    if (namespace === "" || resource.resource === "namespaces") return false;
    if (operation === "CREATE") return subresource === "";
    if (operation !== "UPDATE" || resource.group !== "") return false;
    return subresource === ""
      ? growing.has(resource.resource)
      : resource.resource === "pods" && subresource === "resize";
  },
  async validate(attributes) {
    const quotas = await quotasOf(attributes);
    if (quotas.length === 0) return;
    const { object, oldObject, context, namespace } = attributes;
    const before: Usage = oldObject ? usageOf(attributes.resource, oldObject) : new Map();
    const use = growth(usageOf(attributes.resource, object), before);
    const touched = quotas.filter((quota) => charged(quota, use, attributes) !== undefined);
    if (attributes.dryRun) return;
    for (const { metadata } of touched) {
      const charge = (quota: AnyObject) =>
        charged(quota as unknown as ResourceQuota, use, attributes) as unknown as AnyObject | undefined;
      await context.objects.update(resourcequotas, namespace, metadata.name, charge, "status");
    }
  },
};
