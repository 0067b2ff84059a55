/** Leases that nodes renew themselves, as signs of life: kubelets know no other way. */
import type { LoggedChange } from "../../lib/controllers/queued/change-mapper.ts";
import { collectionOf } from "../../lib/controllers/queued/messages.ts";
import type { NodeHealth } from "../../lib/nodes/health.ts";

/** A change and when the log got it (ms): the node's own clock may be wrong. */
export interface TimedChange {
  readonly change: LoggedChange;
  readonly at: number;
}

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
      if (metadata?.namespace !== "kube-node-lease" || collectionOf(change.resource) !== "coordination.k8s.io/leases")
        continue;
      const uid = metadata.ownerReferences?.find(({ kind }) => kind === "Node")?.uid ?? "";
      if (at >= (newest.get(metadata.name)?.at ?? 0)) newest.set(metadata.name, { uid, at });
    }
    await Promise.all(
      [...newest].map(([node, { uid, at }]) =>
        this.#health.heard({ node, uid, heardAt: at }, Number.POSITIVE_INFINITY),
      ),
    );
  }
}
