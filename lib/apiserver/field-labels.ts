/** What is said of a field selector that a kind does not have. Upstream has four texts. */
import type { ResourceInfo } from "../openapi/resources.ts";

/** The message for a field that cannot be selected by. */
export function unknownFieldLabel(info: ResourceInfo, field: string): string {
  const plain = info.fieldLabels.every((label) => label === "metadata.name" || label === "metadata.namespace");
  if (info.resource === "jobs") return `field label ${JSON.stringify(field)} not supported for Job`;
  if (info.resource === "resourceslices") {
    return `field label not supported for resource.k8s.io/${info.version}, Kind=ResourceSlice: ${field}`;
  }
  if (plain && info.fieldLabels.length === 2) {
    return `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
  }
  return `field label not supported: ${field}`;
}
