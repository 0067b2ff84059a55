/** LimitRanger: containers get a namespace's default resources, and all must keep within its limits. */
import { parseQuantity, type Quantity } from "../../apimachinery/quantity.ts";
import type { Container, LimitRange, LimitRangeItem, PersistentVolumeClaim, Pod } from "../../openapi/types/core-v1.ts";
import { limitranges } from "../../openapi/types/resources.ts";
import { podLimits, podRequests } from "../../quota/pod-totals.ts";
import { denied } from "./denial.ts";
import type { AdmissionPlugin, Attributes } from "./plugin.ts";

type Resources = Readonly<Record<string, string>>;

const annotation = "kubernetes.io/limit-ranger";

async function rangesOf({ context, namespace }: Attributes): Promise<LimitRange[]> {
  return (await context.objects.list(limitranges, namespace)) as unknown as LimitRange[];
}

/** Adds what `given` lacks of the defaults, and tells the names of what was added. */
function fill(given: Record<string, string> | undefined, defaults: Resources): [Record<string, string>, string[]] {
  const added = Object.keys(defaults).filter((name) => given?.[name] === undefined);
  const more = Object.fromEntries(added.map((name) => [name, defaults[name]]));
  return [{ ...given, ...more }, added.sort()];
}

function setContainerDefaults(container: Container, kind: string, requests: Resources, limits: Resources): string[] {
  const resources = container.resources ?? {};
  const [filledLimits, newLimits] = fill(resources.limits, limits);
  const [filledRequests, newRequests] = fill(resources.requests, requests);
  if (newLimits.length > 0) resources.limits = filledLimits;
  if (newRequests.length > 0) resources.requests = filledRequests;
  container.resources = resources;
  const told: string[] = [];
  if (newRequests.length > 0) told.push(`${newRequests.join(", ")} request for ${kind} ${container.name}`);
  if (newLimits.length > 0) told.push(`${newLimits.join(", ")} limit for ${kind} ${container.name}`);
  return told;
}

function setDefaults({ metadata, spec }: Pod, { spec: range }: LimitRange): void {
  const items = (range?.limits ?? []).filter(({ type }) => type === "Container");
  const requests: Resources = Object.assign({}, ...items.map((item) => item.defaultRequest));
  const limits: Resources = Object.assign({}, ...items.map((item) => item.default));
  const told = [
    ...(spec?.containers ?? []).flatMap((one) => setContainerDefaults(one, "container", requests, limits)),
    ...(spec?.initContainers ?? []).flatMap((one) => setContainerDefaults(one, "init container", requests, limits)),
  ];
  if (told.length === 0) return;
  metadata.annotations = { ...metadata.annotations, [annotation]: `LimitRanger plugin set: ${told.join("; ")}` };
}

const quantityOf = (resources: Resources, name: string): Quantity | undefined =>
  resources[name] === undefined ? undefined : parseQuantity(resources[name]);

/** Checks one bound; gives what is wrong, or nothing. */
type Check = (
  type: string,
  name: string,
  bound: Quantity,
  requests: Resources,
  limits: Resources,
) => string | undefined;

const checkMin: Check = (type, name, bound, requests, limits) => {
  const head = `minimum ${name} usage per ${type} is ${bound}`;
  const [request, limit] = [quantityOf(requests, name), quantityOf(limits, name)];
  if (!request) return `${head}.  No request is specified`;
  if (request.cmp(bound) < 0) return `${head}, but request is ${request}`;
  return limit && limit.cmp(bound) < 0 ? `${head}, but limit is ${limit}` : undefined;
};

const checkMax: Check = (type, name, bound, requests, limits) => {
  const head = `maximum ${name} usage per ${type} is ${bound}`;
  const [request, limit] = [quantityOf(requests, name), quantityOf(limits, name)];
  if (!limit) return `${head}.  No limit is specified`;
  if (limit.cmp(bound) > 0) return `${head}, but limit is ${limit}`;
  return request && request.cmp(bound) > 0 ? `${head}, but request is ${request}` : undefined;
};

/** Of claims, which have no limits. */
const checkMaxRequest: Check = (type, name, bound, requests) => {
  const head = `maximum ${name} usage per ${type} is ${bound}`;
  const request = quantityOf(requests, name);
  if (!request) return `${head}.  No request is specified`;
  return request.cmp(bound) > 0 ? `${head}, but request is ${request}` : undefined;
};

const checkRatio: Check = (type, name, bound, requests, limits) => {
  const head = `${name} max limit to request ratio per ${type} is ${bound}`;
  const [request, limit] = [quantityOf(requests, name), quantityOf(limits, name)];
  if (!request || request.isZero()) return `${head}, but no request is specified or request is 0`;
  if (!limit || limit.isZero()) return `${head}, but no limit is specified or limit is 0`;
  const ratio = Number(limit.milliValue()) / Number(request.milliValue());
  return ratio * 1000 > Number(bound.milliValue()) ? `${head}, but provided ratio is ${ratio.toFixed(6)}` : undefined;
};

function check(
  item: LimitRangeItem,
  bounds: Resources | undefined,
  one: Check,
  requests: Resources,
  limits: Resources,
) {
  return Object.entries(bounds ?? {}).flatMap(
    ([name, bound]) => one(item.type, name, parseQuantity(bound), requests, limits) ?? [],
  );
}

function checkAll(item: LimitRangeItem, requests: Resources = {}, limits: Resources = {}): string[] {
  return [
    ...check(item, item.min, checkMin, requests, limits),
    ...check(item, item.max, checkMax, requests, limits),
    ...check(item, item.maxLimitRequestRatio, checkRatio, requests, limits),
  ];
}

function podProblems(pod: Pod, item: LimitRangeItem): string[] {
  const { spec } = pod;
  if (!spec) return [];
  if (item.type === "Pod") return checkAll(item, podRequests(spec), podLimits(spec));
  if (item.type !== "Container") return [];
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  return containers.flatMap(({ resources }) => checkAll(item, resources?.requests, resources?.limits));
}

function claimProblems({ spec }: PersistentVolumeClaim, item: LimitRangeItem): string[] {
  if (item.type !== "PersistentVolumeClaim") return [];
  const requests = spec?.resources?.requests ?? {};
  return [...check(item, item.min, checkMin, requests, {}), ...check(item, item.max, checkMaxRequest, requests, {})];
}

const isPod = ({ resource }: Attributes) => resource.group === "" && resource.resource === "pods";

/** Looks at new pods, at their resizing, and at claims. */
export const limitRanger: AdmissionPlugin = {
  name: "LimitRanger",
  handles(attributes) {
    const { operation, subresource, resource, oldObject } = attributes;
    if (oldObject?.metadata.deletionTimestamp || (operation !== "CREATE" && operation !== "UPDATE")) return false;
    if (isPod(attributes)) return operation === "CREATE" ? subresource === "" : subresource === "resize";
    return resource.group === "" && resource.resource === "persistentvolumeclaims" && subresource === "";
  },
  async admit(attributes) {
    if (!isPod(attributes)) return;
    for (const range of await rangesOf(attributes)) setDefaults(attributes.object as unknown as Pod, range);
  },
  async validate(attributes) {
    const { object } = attributes;
    for (const { spec } of await rangesOf(attributes)) {
      const problems = (spec?.limits ?? []).flatMap((item) =>
        isPod(attributes)
          ? podProblems(object as unknown as Pod, item)
          : claimProblems(object as unknown as PersistentVolumeClaim, item),
      );
      const texts = [...new Set(problems)];
      if (texts.length > 0) throw denied(attributes, texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`);
    }
  },
};
