/** Who may have a device that others use (upstream: pkg/registry/resource, resourceutils.AuthorizedForAdmin). */
import { type FieldError, forbidden, internal, type Path, path } from "../../apimachinery/validation/field.ts";
import type { DeviceRequest, DeviceRequestAllocationResult } from "../../openapi/types/resource-v1.ts";
import type { StrategyContext } from "../strategy.ts";

const namespaces = { group: "", version: "v1", resource: "namespaces" };
const label = "resource.kubernetes.io/admin-access";

/** Namespaces that a label says so of are trusted with it. */
async function validateNamespace(namespace: string, field: Path, { objects }: StrategyContext): Promise<FieldError[]> {
  const found = await objects.get(namespaces, "", namespace);
  if (!found) {
    const text = `could not retrieve namespace to verify admin access: namespaces "${namespace}" not found`;
    return [internal(field, text)];
  }
  if (found.metadata.labels?.[label] === "true") return [];
  const text = `admin access to devices requires the \`${label}: true\` label on the containing namespace`;
  return [forbidden(field, text)];
}

/** The first request that asks for it decides. */
export async function validateAdminRequests(
  requests: readonly DeviceRequest[] | null | undefined,
  namespace: string,
  context: StrategyContext,
): Promise<FieldError[]> {
  const index = (requests ?? []).findIndex(({ exactly }) => exactly?.adminAccess === true);
  if (index < 0) return [];
  const field = path("spec", "devices", "requests").index(index).child("adminAccess");
  return validateNamespace(namespace, field, context);
}

/** As validateAdminRequests, of what has been allocated. */
export async function validateAdminResults(
  results: readonly DeviceRequestAllocationResult[] | undefined,
  namespace: string,
  context: StrategyContext,
): Promise<FieldError[]> {
  const index = (results ?? []).findIndex(({ adminAccess }) => adminAccess === true);
  if (index < 0) return [];
  const field = path("status", "allocation", "devices", "results").index(index).child("adminAccess");
  return validateNamespace(namespace, field, context);
}
