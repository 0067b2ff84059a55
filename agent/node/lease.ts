/** Keeps the node's Lease renewed (upstream: component-helpers/apimachinery/lease). */
import type { Clock } from "../../lib/apimachinery/clock.ts";
import { isAlreadyExists, isConflict, isNotFound } from "../../lib/apimachinery/errors.ts";
import { type RenewLeaseOptions, renewLease } from "../../lib/nodes/lease.ts";
import type { Lease } from "../../lib/openapi/types/coordination-v1.ts";

/** What a lease is kept with. */
export interface LeaseOptions extends RenewLeaseOptions {
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

const renewMs = 10_000;
const retryMs = 1000;

/** Renews until the signal aborts. Never rejects. */
export async function keepLease(options: LeaseOptions, signal: AbortSignal): Promise<void> {
  const { clock, onError } = options;
  let held: Lease | undefined;
  while (!signal.aborted) {
    try {
      held = await renewLease(options, held);
      await clock.sleep(renewMs, signal);
    } catch (error) {
      if (isConflict(error) || isNotFound(error) || isAlreadyExists(error)) held = undefined;
      onError(error);
      await clock.sleep(retryMs, signal);
    }
  }
}
