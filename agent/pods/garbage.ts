/** What may be removed of dead containers and sandboxes (upstream: kuberuntime_gc.go). */
import type { Container, PodSandbox } from "../runtime/cri/messages.ts";
import { label } from "./labels.ts";

/** Ids to remove. */
export interface Garbage {
  readonly containers: readonly Container[];
  readonly sandboxes: readonly PodSandbox[];
}

/** The newest dead container of each name is kept beside a living one: its log is the previous log. */
const keptDead = 2;

/** Old dead containers, and sandboxes that have been replaced and hold nothing any more. */
export function garbage(sandboxes: readonly PodSandbox[], containers: readonly Container[]): Garbage {
  const byName = Map.groupBy(containers, ({ labels }) => `${labels[label.podUid]}/${labels[label.containerName]}`);
  const old: Container[] = [];
  for (const group of byName.values()) {
    const sorted = group.toSorted((a, b) => Number(BigInt(b.createdAt) - BigInt(a.createdAt)));
    old.push(...sorted.slice(keptDead).filter(({ state }) => state === "CONTAINER_EXITED"));
  }
  const removed = new Set(old.map(({ id }) => id));
  const used = new Set(containers.filter(({ id }) => !removed.has(id)).map(({ podSandboxId }) => podSandboxId));
  const byPod = Map.groupBy(sandboxes, ({ labels }) => labels[label.podUid] ?? "");
  const replaced: PodSandbox[] = [];
  for (const group of byPod.values()) {
    const sorted = group.toSorted((a, b) => Number(BigInt(b.createdAt) - BigInt(a.createdAt)));
    replaced.push(...sorted.slice(1).filter(({ id, state }) => state === "SANDBOX_NOTREADY" && !used.has(id)));
  }
  return { containers: old, sandboxes: replaced };
}
