/** The ConfigMaps and Secrets that pods of this node refer to, each kept current as long as a pod needs it. */
import type { Clock } from "../../lib/apimachinery/clock.ts";
import type { KubeObject, Resource } from "../../lib/apimachinery/meta.ts";
import type { ConfigMap, Pod, Secret } from "../../lib/openapi/types/core-v1.ts";
import { configmaps, secrets } from "../../lib/openapi/types/resources.ts";
import type { ObjectCopies, ObjectCopy } from "../transport/transport.ts";

/** What references are read with. */
export interface ReferencesOptions {
  readonly copies: ObjectCopies;
  readonly clock: Clock;
  /** Told when an object that a pod refers to has changed. */
  readonly onChange: (podUid: string) => void;
}

interface Watched {
  readonly copy: ObjectCopy;
  readonly users: Set<string>;
  /** The last failure to read it; absent while it can be read. */
  error?: unknown;
}

const readTimeoutMs = 10_000;

/** Reads objects by name from copies that the transport keeps current. */
export class References {
  readonly #options: ReferencesOptions;
  readonly #watched = new Map<string, Watched>();

  constructor(options: ReferencesOptions) {
    this.#options = options;
  }

  /** undefined where there is none of the name. Rejects where the server cannot be asked. */
  configMap(pod: Pod, name: string): Promise<ConfigMap | undefined> {
    return this.#get(configmaps, pod, name);
  }

  /** undefined where there is none of the name. Rejects where the server cannot be asked. */
  secret(pod: Pod, name: string): Promise<Secret | undefined> {
    return this.#get(secrets, pod, name);
  }

  /** Ends the copies that only this pod needed. */
  release(podUid: string): void {
    for (const [key, watched] of this.#watched) {
      if (!watched.users.delete(podUid) || watched.users.size > 0) continue;
      watched.copy.close();
      this.#watched.delete(key);
    }
  }

  /** Ends all copies. */
  stop(): void {
    for (const { copy } of this.#watched.values()) copy.close();
    this.#watched.clear();
  }

  async #get<T extends KubeObject>(resource: Resource<T>, pod: Pod, name: string): Promise<T | undefined> {
    const { namespace, uid } = pod.metadata;
    const key = `${resource.resource}/${namespace}/${name}`;
    const watched = this.#watched.get(key) ?? this.#watch(resource, namespace, name, key);
    watched.users.add(uid);
    const { clock } = this.#options;
    const timeout = new AbortController();
    const late = clock.sleep(readTimeoutMs, timeout.signal).then(() => "late");
    const outcome = await Promise.race([watched.copy.informer.synced, late]);
    timeout.abort();
    if (outcome !== "late") return watched.copy.informer.get(`${namespace}/${name}`) as T | undefined;
    // Whoever asks next begins anew: not every transport goes on trying what it was refused.
    watched.copy.close();
    if (this.#watched.get(key) === watched) this.#watched.delete(key);
    throw watched.error ?? new Error(`timed out waiting for ${resource.resource} "${name}"`);
  }

  #watch(resource: Resource, namespace: string, name: string, key: string): Watched {
    const { copies, onChange } = this.#options;
    const copy = copies.open(resource, namespace, name, (error) => {
      watched.error = error;
    });
    const watched: Watched = { copy, users: new Set() };
    this.#watched.set(key, watched);
    void copy.informer.synced.then(() => {
      let first = true;
      copy.informer.onChange(() => {
        if (!first) for (const user of watched.users) onChange(user);
      });
      first = false;
    });
    return watched;
  }
}
