/** Finds out whose containers have changed by comparing lists (upstream: kubelet/pleg/generic.go). */
import type { RuntimeService } from "../runtime/cri/client.ts";
import type { Container, PodSandbox } from "../runtime/cri/messages.ts";
import { label } from "./labels.ts";

/** What there is, and which pods have changed since the last time. */
export interface Relisted {
  readonly sandboxes: readonly PodSandbox[];
  readonly containers: readonly Container[];
  readonly changed: readonly string[];
}

/** Remembers what the runtime had. */
export class Relist {
  readonly #runtime: RuntimeService;
  #states = new Map<string, { uid: string; state: string }>();

  constructor(runtime: RuntimeService) {
    this.#runtime = runtime;
  }

  /** Rejects where the runtime can't be asked. */
  async run(): Promise<Relisted> {
    const [sandboxes, containers] = await Promise.all([
      this.#runtime.listPodSandboxes(),
      this.#runtime.listContainers(),
    ]);
    const states = new Map<string, { uid: string; state: string }>();
    for (const { id, labels, state } of [...sandboxes, ...containers])
      states.set(id, { uid: labels[label.podUid] ?? "", state });
    const changed = new Set<string>();
    for (const [id, { uid, state }] of states) if (this.#states.get(id)?.state !== state) changed.add(uid);
    for (const [id, { uid }] of this.#states) if (!states.has(id)) changed.add(uid);
    this.#states = states;
    changed.delete("");
    return { sandboxes, containers, changed: [...changed] };
  }
}
