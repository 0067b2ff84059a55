/** Where the files of pods are. */
import { join } from "node:path";
import type { Pod } from "../../lib/openapi/types/core-v1.ts";

/** The folders of the node's pods. */
export class PodFolders {
  readonly #dataDir: string;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** All pods' folders; one a uid. */
  get pods(): string {
    return join(this.#dataDir, "pods");
  }

  /** All pods' logs. */
  get logs(): string {
    return join(this.#dataDir, "logs");
  }

  pod(uid: string): string {
    return join(this.pods, uid);
  }

  volume(uid: string, plugin: string, name: string): string {
    return join(this.pod(uid), "volumes", `kubernetes.io~${plugin}`, name);
  }

  etcHosts(uid: string): string {
    return join(this.pod(uid), "etc-hosts");
  }

  terminationMessage(uid: string, container: string, attempt: number): string {
    return join(this.pod(uid), "containers", container, `termination-${attempt}`);
  }

  podLogs({ metadata: { namespace, name, uid } }: Pick<Pod, "metadata">): string {
    return join(this.logs, `${namespace}_${name}_${uid}`);
  }

  /** Relative to the pod's log folder, as CRI wants it. */
  logPath(container: string, attempt: number): string {
    return join(container, `${attempt}.log`);
  }
}
