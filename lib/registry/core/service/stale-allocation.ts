/**
 * Addresses and ports that nobody has any more: a server that ended between taking one and storing its Service leaves
 * it taken. Upstream repairs that in loops; here whoever wants one looks.
 */
import { hasReason, isNotFound } from "../../../apimachinery/errors.ts";
import type { AnyObject, GroupVersionResource } from "../../../apimachinery/meta.ts";
import type { Service } from "../../../openapi/types/core-v1.ts";
import { services } from "../../../openapi/types/resources.ts";
import type { StrategyContext } from "../../strategy.ts";

/** A write that takes longer than this between taking and storing has failed. */
const graceMs = 60_000;

/** Frees an allocation whose Service is gone or does not hold it. False: it is in use, or too young to tell. */
export async function reclaim(
  resource: GroupVersionResource,
  allocation: AnyObject,
  holds: (service: Service) => boolean,
  context: StrategyContext,
): Promise<boolean> {
  const { metadata, spec } = allocation as AnyObject & { spec?: { parentRef?: Record<string, string> } };
  const age = context.clock.now() - Date.parse(metadata.creationTimestamp ?? "");
  const owner = spec?.parentRef;
  if (!(age > graceMs) || owner?.resource !== "services" || owner.group) return false;
  const service = await context.objects.get(services, owner.namespace ?? "", owner.name ?? "");
  if (service && holds(service as unknown as Service)) return false;
  const preconditions = metadata.uid === undefined ? undefined : { uid: metadata.uid };
  try {
    await context.objects.delete(resource, "", metadata.name ?? "", { preconditions });
  } catch (error) {
    // Somebody else has freed it, or taken it again.
    if (!isNotFound(error) && !hasReason(error, "Conflict")) throw error;
  }
  return true;
}
