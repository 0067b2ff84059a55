/** FlowSchemas (upstream: pkg/apis/flowcontrol/validation). */
import {
  type FieldError,
  invalid,
  notSupported,
  type Path,
  path,
  required,
} from "../../apimachinery/validation/field.ts";
import { nameIsDNSLabel, nameIsDNSSubdomain } from "../../apimachinery/validation/names.ts";
import type {
  FlowSchema,
  FlowSchemaSpec,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
} from "../../openapi/types/flowcontrol-v1.ts";
import { same } from "../validation/generation.ts";
import { goValue } from "../validation/go-value.ts";
import { validateConditions } from "./conditions-validation.ts";
import { validateSubject } from "./subject-validation.ts";

const specField = path("spec");
const maxPrecedence = 10_000;
const methods = ["ByNamespace", "ByUser"];
const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"];

/** A rule that matches all requests of these groups. */
const everything = (...groups: string[]): PolicyRulesWithSubjects => ({
  subjects: groups.map((name) => ({ kind: "Group", group: { name } })),
  resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"], clusterScope: true, namespaces: ["*"] }],
  nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
});

/** The first and the last schema: nobody may change them. */
const mandatory: Readonly<Record<string, FlowSchemaSpec>> = {
  exempt: {
    priorityLevelConfiguration: { name: "exempt" },
    matchingPrecedence: 1,
    rules: [everything("system:masters")],
  },
  "catch-all": {
    priorityLevelConfiguration: { name: "catch-all" },
    matchingPrecedence: maxPrecedence,
    distinguisherMethod: { type: "ByUser" },
    rules: [everything("system:unauthenticated", "system:authenticated")],
  },
};

/** Lists that Go writes always are null where nothing is in them. */
const given = <T>(list: readonly T[] | null | undefined): readonly T[] => list ?? [];

function validateOnlyStar(values: readonly string[], others: string, field: Path): FieldError[] {
  if (values.length < 2 || !values.includes("*")) return [];
  return [invalid(field, values, `if '*' is present, must not specify other ${others}`)];
}

function validateVerbs(wanted: readonly string[] | undefined, field: Path): FieldError[] {
  if (!wanted?.length) return [required(field, "verbs must contain at least one value")];
  if (wanted.includes("*")) return validateOnlyStar(wanted, "verbs", field);
  return wanted.every((verb) => verbs.includes(verb)) ? [] : [notSupported(field, wanted, verbs)];
}

function validateNamespaces(rule: ResourcePolicyRule, field: Path): FieldError[] {
  const { clusterScope } = rule;
  const namespaces = given(rule.namespaces);
  if (namespaces.length === 0 && !clusterScope) {
    return [required(field, "resource rules that are not cluster scoped must supply at least one namespace")];
  }
  if (namespaces.includes("*")) return validateOnlyStar(namespaces, "namespaces", field);
  const text = "each member of this list must be '*' or a DNS-1123 label; ";
  return namespaces.flatMap((name, index) =>
    nameIsDNSLabel(name, false).map((problem) => invalid(field.index(index), name, `${text}${problem}`)),
  );
}

function validateResourceRule(rule: ResourcePolicyRule, field: Path): FieldError[] {
  const [apiGroups, resources] = [given(rule.apiGroups), given(rule.resources)];
  const groups = field.child("apiGroups");
  const at = field.child("resources");
  return [
    ...validateVerbs(rule.verbs, field.child("verbs")),
    ...(apiGroups.length > 0 ? [] : [required(groups, "resource rules must supply at least one api group")]),
    ...validateOnlyStar(apiGroups, "api groups", groups),
    ...(resources.length > 0 ? [] : [required(at, "resource rules must supply at least one resource")]),
    ...validateOnlyStar(resources, "resources", at),
    ...validateNamespaces(rule, field.child("namespaces")),
  ];
}

function urlProblem(url: string): string | undefined {
  if (url === "") return "must not be empty";
  if (url === "/") return undefined;
  if (!url.startsWith("/")) return "must start with slash";
  if (url.includes(" ")) return "must not contain white-space";
  if (url.includes("//")) return "must not contain double slash";
  const stars = url.split("*").length - 1;
  return stars > 1 || (stars === 1 && !url.endsWith("/*")) ? "wildcard can only do suffix matching" : undefined;
}

function validateNonResourceRule(rule: NonResourcePolicyRule, field: Path): FieldError[] {
  const urls = given(rule.nonResourceURLs);
  const errors = validateVerbs(rule.verbs, field.child("verbs"));
  const at = field.child("nonResourceURLs");
  if (urls.length === 0) return [...errors, required(at, "nonResourceURLs must contain at least one value")];
  if (urls.includes("*")) return [...errors, ...validateOnlyStar(urls, "non-resource URLs", at)];
  const bad = urls.flatMap((url, index) => {
    const problem = urlProblem(url);
    return problem === undefined ? [] : [invalid(at.index(index), url, problem)];
  });
  return [...errors, ...bad];
}

function validateRule(rule: PolicyRulesWithSubjects, field: Path): FieldError[] {
  const { resourceRules = [], nonResourceRules = [] } = rule;
  const subjects = given(rule.subjects);
  const at = field.child("subjects");
  const errors = subjects.flatMap((subject, index) => validateSubject(subject, at.index(index)));
  if (subjects.length === 0) errors.push(required(at, "subjects must contain at least one value"));
  if (resourceRules.length === 0 && nonResourceRules.length === 0) {
    errors.push(required(field, "at least one of resourceRules and nonResourceRules has to be non-empty"));
  }
  const [resources, others] = [field.child("resourceRules"), field.child("nonResourceRules")];
  errors.push(...resourceRules.flatMap((one, index) => validateResourceRule(one, resources.index(index))));
  errors.push(...nonResourceRules.flatMap((one, index) => validateNonResourceRule(one, others.index(index))));
  return errors;
}

function validatePrecedence(name: string, value: number): FieldError[] {
  const field = specField.child("matchingPrecedence");
  if (value <= 0) return [invalid(field, value, "must be a positive value")];
  if (value > maxPrecedence) return [invalid(field, value, `must not be greater than ${maxPrecedence}`)];
  if (value > 1 || name === "exempt") return [];
  return [invalid(field, value, "only the schema named 'exempt' may have matchingPrecedence 1")];
}

function validateSpec(name: string, spec: FlowSchemaSpec): FieldError[] {
  const errors = validatePrecedence(name, spec.matchingPrecedence ?? 0);
  const method = spec.distinguisherMethod;
  if (method && !methods.includes(method.type)) {
    const shown = goValue("flowcontrol.v1.FlowDistinguisherMethod", method);
    errors.push(notSupported(specField.child("distinguisherMethod", "type"), shown, methods));
  }
  const level = spec.priorityLevelConfiguration?.name ?? "";
  const field = specField.child("priorityLevelConfiguration", "name");
  if (level === "") errors.push(required(field, "must reference a priority level"));
  else errors.push(...nameIsDNSSubdomain(level, false).map((problem) => invalid(field, level, problem)));
  const rules = specField.child("rules");
  return [...errors, ...(spec.rules ?? []).flatMap((rule, index) => validateRule(rule, rules.index(index)))];
}

/** A new schema, or one that replaces another. */
export function validateFlowSchema({ metadata, spec, status }: FlowSchema): FieldError[] {
  const name = metadata.name ?? "";
  const errors = validateSpec(name, spec ?? { priorityLevelConfiguration: { name: "" } });
  if (Object.hasOwn(mandatory, name) && !same(spec, mandatory[name])) {
    const shown = goValue("flowcontrol.v1.FlowSchemaSpec", spec);
    errors.push(invalid(specField, shown, `spec of '${name}' must equal the fixed value`));
  }
  return [...errors, ...validateConditions(status)];
}
