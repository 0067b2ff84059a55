/** Leases that nodes renew themselves, as signs of life: kubelets know no other way. */
import type { Resource } from "../../lib/apimachinery/meta.ts";
import type { LoggedChange } from "../../lib/controllers/queued/change-mapper.ts";
import { collectionOf } from "../../lib/controllers/queued/messages.ts";
import type { NodeHealth } from "../../lib/nodes/health.ts";

/** A Lease says only that its node lives: that is noted, and the tick sees who is silent. No controller need hear of it. */
export function sawLease(controller: string, resource: Resource): boolean {
  return controller === "node-lifecycle-controller" && collectionOf(resource) === leases;
}

const leases = "coordination.k8s.io/leases";

/** A change and when the log got it (ms): the node's own clock may be wrong. */
export interface TimedChange {
  readonly change: LoggedChange;
  readonly at: number;
}

/** What is longer is no uid of ours, and might be too large for the table: nobody's Lease may stop the stream. */
const maxUid = 128;

/** Notes them among the nodes' health, where all other reports are. */
export class LeaseSigns {
  readonly #health: Pick<NodeHealth, "heard">;

  constructor(health: Pick<NodeHealth, "heard">) {
    this.#health = health;
  }

  /** Rejects where the health can't be written. */
  async note(changes: readonly TimedChange[]): Promise<void> {
    const newest = new Map<string, { uid: string; at: number }>();
    for (const { change, at } of changes) {
      const { metadata } = change.object ?? {};
      if (metadata?.namespace !== "kube-node-lease" || collectionOf(change.resource) !== leases) continue;
      const uid = metadata.ownerReferences?.find(({ kind }) => kind === "Node")?.uid ?? "";
      if (uid.length > maxUid) continue;
      if (at >= (newest.get(metadata.name)?.at ?? 0)) newest.set(metadata.name, { uid, at });
    }
    await Promise.all(
      [...newest].map(([node, { uid, at }]) =>
        this.#health.heard({ node, uid, heardAt: at }, Number.POSITIVE_INFINITY),
      ),
    );
  }
}
