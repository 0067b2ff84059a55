/** Renews the node's Lease: the sign that it lives (upstream: component-helpers/apimachinery/lease). */
import { type Clock, microTimeText } from "../../lib/apimachinery/clock.ts";
import { isAlreadyExists, isConflict, isNotFound } from "../../lib/apimachinery/errors.ts";
import type { Client } from "../../lib/client/interface.ts";
import type { Lease } from "../../lib/openapi/types/coordination-v1.ts";
import { leases } from "../../lib/openapi/types/resources.ts";

/** What a lease is renewed with. */
export interface LeaseOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly nodeName: string;
  /** The Node's uid: the lease goes with it. */
  readonly nodeUid: () => string | undefined;
  readonly onError: (error: unknown) => void;
}

const namespace = "kube-node-lease";
const durationSeconds = 40;
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

/** Writes the lease once. `held`: as it was written last. */
export async function renewLease(options: Omit<LeaseOptions, "onError">, held: Lease | undefined): Promise<Lease> {
  const { client, clock, nodeName, nodeUid } = options;
  const current = held ?? (await read(client, nodeName));
  const uid = nodeUid();
  const owner = uid ? [{ apiVersion: "v1", kind: "Node", name: nodeName, uid }] : undefined;
  const spec = {
    ...current?.spec,
    holderIdentity: nodeName,
    leaseDurationSeconds: durationSeconds,
    renewTime: microTimeText(clock.now()),
  };
  if (current === undefined) {
    const metadata = { name: nodeName, namespace, ...(owner ? { ownerReferences: owner } : {}) };
    return client.create(leases, { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec });
  }
  const metadata = { ...current.metadata, ...(owner ? { ownerReferences: owner } : {}) };
  return client.update(leases, { ...current, metadata, spec });
}

async function read(client: Client, name: string): Promise<Lease | undefined> {
  try {
    return await client.get(leases, { namespace, name });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
