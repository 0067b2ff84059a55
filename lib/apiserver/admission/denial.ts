/** How a plugin refuses (upstream: apiserver/pkg/admission/errors.go). */
import { newForbidden, type StatusError } from "../../apimachinery/errors.ts";
import type { Attributes } from "./plugin.ts";

/** The 403 of a plugin; `message` is what it says. */
export function denied({ name, object, resource }: Attributes, message: string): StatusError {
  const generated = object?.metadata.generateName;
  return newForbidden(resource, name || generated || "Unknown/errorGettingName", message);
}

/** Whether the write is to that resource itself (no subresource): `pods`, `jobs.batch`. */
export function isResource({ resource, subresource }: Attributes, wanted: string): boolean {
  if (subresource !== "") return false;
  return (resource.group === "" ? resource.resource : `${resource.resource}.${resource.group}`) === wanted;
}
