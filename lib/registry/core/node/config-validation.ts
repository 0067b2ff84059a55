/** References to a ConfigMap with a kubelet's configuration: the feature is gone, what is set stays. */
import {
  type FieldError,
  forbidden,
  invalid,
  type Path,
  path,
  required,
} from "../../../apimachinery/validation/field.ts";
import { isConfigMapKey, nameIsDNSLabel, nameIsDNSSubdomain } from "../../../apimachinery/validation/names.ts";
import type { ConfigMapNodeConfigSource, Node, NodeConfigSource } from "../../../openapi/types/core-v1.ts";

function validateNames(source: ConfigMapNodeConfigSource, at: Path): FieldError[] {
  const rules = {
    namespace: (value: string) => nameIsDNSLabel(value, false),
    name: (value: string) => nameIsDNSSubdomain(value, false),
    kubeletConfigKey: isConfigMapKey,
  } as const;
  return (Object.keys(rules) as (keyof typeof rules)[]).flatMap((name) => {
    const value = source[name];
    if (!value) return [required(at.child(name), "")];
    return rules[name](value).map((problem) => invalid(at.child(name), value, problem));
  });
}

function validateSource(source: NodeConfigSource | undefined, inStatus: boolean, at: Path): FieldError[] {
  if (!source) return [];
  if (!source.configMap) return [invalid(at, source, "exactly one reference subfield must be non-nil")];
  const field = at.child("configMap");
  const marks = (["uid", "resourceVersion"] as const).flatMap((name) => {
    const value = source.configMap?.[name];
    if (inStatus) return value ? [] : [required(field.child(name), "")];
    return value ? [forbidden(field.child(name), `${name} must not be set in spec`)] : [];
  });
  return [...marks, ...validateNames(source.configMap, field)];
}

/** spec.configSource and status.config */
export function validateNodeConfig({ spec, status }: Node): FieldError[] {
  const config = path("status", "config");
  return [
    ...validateSource(spec.configSource, false, path("spec", "configSource")),
    ...(["assigned", "active", "lastKnownGood"] as const).flatMap((name) =>
      validateSource(status?.config?.[name], true, config.child(name)),
    ),
  ];
}
