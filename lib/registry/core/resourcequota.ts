/** ResourceQuotas (upstream: pkg/registry/core/resourcequota). */
import { type FieldError, invalid, path, required } from "../../apimachinery/validation/field.ts";
import { immutableText } from "../../apimachinery/validation/meta.ts";
import type { ResourceQuota, ResourceQuotaSpec } from "../../openapi/types/core-v1.ts";
import { ageCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";
import { quantityOf } from "../validation/quantity.ts";
import { isQuotaResource, validateQuotaResourceName, validateResourceQuantity } from "../validation/resource-names.ts";

const specField = path("spec");
const pods = ["pods"];
const compute = ["cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"];
const claims = ["persistentvolumeclaims", "requests.storage"];
/** What each scope can bound. */
const scopes: Readonly<Record<string, readonly string[]>> = {
  Terminating: [...pods, ...compute],
  NotTerminating: [...pods, ...compute],
  BestEffort: pods,
  NotBestEffort: [...pods, ...compute],
  PriorityClass: [...pods, ...compute],
  CrossNamespacePodAffinity: [...pods, ...compute],
  VolumeAttributesClass: claims,
};
const plainScopes = ["BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "CrossNamespacePodAffinity"];

const conflicting = (list: readonly string[]) =>
  [
    ["BestEffort", "NotBestEffort"],
    ["Terminating", "NotTerminating"],
  ].filter((pair) => pair.every((scope) => list.includes(scope))).length;

/** How many resources of the quota a scope can't bound. */
const misfits = (scope: string, names: readonly string[]) =>
  names.filter((name) => isQuotaResource(name) && scopes[scope] && !scopes[scope].includes(name)).length;

function validateAmounts(amounts: Record<string, string> | undefined, ...names: string[]): FieldError[] {
  return Object.entries(amounts ?? {}).flatMap(([name, amount]) => {
    const field = path(...names).key(name);
    return [...validateQuotaResourceName(name, field), ...validateResourceQuantity(name, amount, field)];
  });
}

function validateScopes({ scopes: list = [], hard = {} }: ResourceQuotaSpec): FieldError[] {
  const field = specField.child("scopes");
  const errors: FieldError[] = [];
  const report = (text: string, times: number) => {
    for (let count = 0; count < times; count++) errors.push(invalid(field, list, text));
  };
  for (const scope of list) {
    report("unsupported scope", scopes[scope] ? 0 : 1);
    report("unsupported scope applied to resource", misfits(scope, Object.keys(hard)));
  }
  report("conflicting scopes", conflicting(list));
  return errors;
}

function validateSelector({ scopeSelector, scopes: list, hard = {} }: ResourceQuotaSpec): FieldError[] {
  if (!scopeSelector) return [];
  const field = specField.child("scopeSelector", "matchExpressions");
  const errors: FieldError[] = [];
  const expressions = scopeSelector.matchExpressions ?? [];
  for (const { scopeName, operator, values = [] } of expressions) {
    if (!scopes[scopeName]) errors.push(invalid(field.child("scopeName"), scopeName, "unsupported scope"));
    for (let count = misfits(scopeName, Object.keys(hard)); count > 0; count--) {
      errors.push(invalid(field, scopeSelector, "unsupported scope applied to resource"));
    }
    if (plainScopes.includes(scopeName) && operator !== "Exists") {
      const text =
        "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
      errors.push(invalid(field.child("operator"), operator, text));
    }
    if (operator === "In" || operator === "NotIn") {
      const text = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
      if (values.length === 0) errors.push(required(field.child("values"), text));
    } else if (operator === "Exists" || operator === "DoesNotExist") {
      const text = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
      if (values.length > 0) errors.push(invalid(field.child("values"), values, text));
    } else errors.push(invalid(field.child("operator"), operator, "not a valid selector operator"));
  }
  const names = expressions.map(({ scopeName }) => scopeName);
  for (let count = conflicting(names); count > 0; count--) {
    errors.push(invalid(field, list ?? null, "conflicting scopes"));
  }
  return errors;
}

const validateSpec = ({ spec = {} }: ResourceQuota) => [
  ...validateAmounts(spec.hard, "spec", "hard"),
  ...validateScopes(spec),
  ...validateSelector(spec),
];

const validateStatus = ({ status = {} }: ResourceQuota) => [
  ...validateAmounts(status.hard, "status", "hard"),
  ...validateAmounts(status.used, "status", "used"),
];

function validateUpdate(quota: ResourceQuota, old: ResourceQuota): FieldError[] {
  const sorted = ({ spec }: ResourceQuota) => [...new Set(spec?.scopes ?? [])].sort().join(",");
  const errors = validateSpec(quota);
  if (sorted(quota) === sorted(old)) return errors;
  return [...errors, invalid(specField.child("scopes"), quota.spec?.scopes ?? null, immutableText)];
}

/** Requests that are above their limits can never be used up. */
function warnings({ spec }: ResourceQuota): string[] {
  const hard = spec?.hard ?? {};
  return ["cpu", "memory", "storage", "ephemeral-storage"].flatMap((name) => {
    const bare = name === "cpu" || name === "memory" ? name : "";
    const request = hard[`requests.${name}`] === undefined && bare ? bare : `requests.${name}`;
    const limit = `limits.${name}`;
    if (hard[request] === undefined || hard[limit] === undefined) return [];
    const [low, high] = [quantityOf(hard[request]), quantityOf(hard[limit])];
    return low.cmp(high) > 0 ? [`ResourceQuota ${request} (${low}) should be less than ${limit} (${high})`] : [];
  });
}

function usageCells({ status }: ResourceQuota): [string, string] {
  const names = Object.keys(status?.hard ?? {}).sort();
  const text = (list: string[]) =>
    list.map((name) => `${name}: ${quantityOf(status?.used?.[name])}/${quantityOf(status?.hard?.[name])}`).join(", ");
  const limits = names.filter((name) => name.startsWith("limits."));
  return [text(names.filter((name) => !limits.includes(name))), text(limits)];
}

/** resourcequotas */
export const resourceQuotaStrategy: Strategy<ResourceQuota> = {
  returnsDeleted: true,
  prepareForCreate(quota) {
    quota.status = {};
  },
  validate: validateSpec,
  warningsOnCreate: warnings,
  prepareForUpdate(quota, old) {
    quota.status = old.status;
  },
  validateUpdate,
  cells: (quota, { now }) => [
    quota.metadata.name,
    ...usageCells(quota),
    ageCell(quota.metadata.creationTimestamp, now),
  ],
  updateSubresources: {
    status: {
      prepareForUpdate(quota, old) {
        quota.spec = old.spec;
      },
      validateUpdate: validateStatus,
    },
  },
};
