/** A node's Lease: the sign that it lives (upstream: component-helpers/apimachinery/lease). */
import { type Clock, microTimeText } from "../apimachinery/clock.ts";
import { isNotFound } from "../apimachinery/errors.ts";
import type { Client } from "../client/interface.ts";
import type { Lease } from "../openapi/types/coordination-v1.ts";
import { leases } from "../openapi/types/resources.ts";

/** What a lease is renewed with. */
export interface RenewLeaseOptions {
  readonly client: Client;
  readonly clock: Pick<Clock, "now">;
  readonly nodeName: string;
  /** The Node's uid: the lease goes with it. */
  readonly nodeUid: () => string | undefined;
}

const namespace = "kube-node-lease";
const durationSeconds = 40;

/** Writes the lease once. `held`: as it was written last. Rejects with what the client rejects with. */
export async function renewLease(options: RenewLeaseOptions, held: Lease | undefined): Promise<Lease> {
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
