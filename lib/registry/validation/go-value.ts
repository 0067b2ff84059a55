/**
 * Values as upstream shows them in messages: its internal types have no JSON names, so that all fields appear, in their
 * order and with Go's names; null for what is absent. What has JSON names in Go too (quantities, times, metadata, label
 * selectors, raw JSON) is shown as it is.
 */
import { definition, type Field } from "../../openapi/schema.ts";

/** Go's spelling of names that are not just their JSON name with a capital. */
const spellings: Readonly<Record<string, string>> = {
  apiGroup: "APIGroup",
  apiGroups: "APIGroups",
  apiVersion: "APIVersion",
  awsElasticBlockStore: "AWSElasticBlockStore",
  cel: "CEL",
  csi: "CSI",
  fc: "FC",
  fsType: "FSType",
  gcePersistentDisk: "GCEPersistentDisk",
  iscsi: "ISCSI",
  nfs: "NFS",
  rbd: "RBD",
  uid: "UID",
};

/** Fields whose Go names tell more. */
const renamed: Readonly<Record<string, (name: string) => string>> = {
  "resource.v1.DeviceAttribute": (name) =>
    name.endsWith("s") ? `${capital(name.slice(0, -1))}Values` : `${capital(name)}Value`,
};

const capital = (name: string) => spellings[name] ?? name.slice(0, 1).toUpperCase() + name.slice(1);

const zeroes: Readonly<Record<string, unknown>> = { string: "", boolean: false, integer: 0, number: 0 };

function fieldValue(value: unknown, { t, g = "" }: Field): unknown {
  if (t.startsWith("[]")) return Array.isArray(value) ? value.map((item) => typedValue(item, t.slice(2))) : null;
  if (t.startsWith("{}")) {
    if (typeof value !== "object" || value === null) return null;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, typedValue(item, t.slice(2))]));
  }
  if ((value === undefined || value === null) && g.includes("p")) return null;
  return typedValue(value, t);
}

function typedValue(value: unknown, type: string): unknown {
  const scalar = type.split(":")[0];
  if (scalar in zeroes) return value ?? zeroes[scalar];
  if (!type.includes(".") || type.startsWith("meta.")) return value ?? null;
  return goValue(type, value);
}

/** A value of a definition (`resource.v1.ResourceClaimSpec`) with Go's names. */
export function goValue(name: string, value: unknown): unknown {
  const { f: fields } = definition(name);
  if (!fields) return value ?? null;
  const given = (value ?? {}) as Record<string, unknown>;
  const rename = renamed[name] ?? capital;
  const entries = Object.entries(fields).flatMap(([key, field]): [string, unknown][] => {
    // Go embeds metadata, which has JSON names: its fields stand beside the others.
    if (field.t === "meta.v1.ObjectMeta") return Object.entries((given[key] ?? {}) as object);
    return [[rename(key), fieldValue(given[key], field)]];
  });
  return Object.fromEntries(entries);
}
