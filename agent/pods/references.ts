/** The ConfigMaps and Secrets that pods of this node refer to, each watched as long as a pod needs it. */
import type { Clock, Random } from "../../lib/apimachinery/clock.ts";
import type { KubeObject, Resource } from "../../lib/apimachinery/meta.ts";
import type { Client } from "../../lib/client/interface.ts";
import { runReflector } from "../../lib/client/reflector.ts";
import { InformerStore } from "../../lib/client/shared-informers.ts";
import type { ConfigMap, Pod, Secret } from "../../lib/openapi/types/core-v1.ts";
import { configmaps, secrets } from "../../lib/openapi/types/resources.ts";

/** What references are read with. */
export interface ReferencesOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  /** Told when an object that a pod refers to has changed. */
  readonly onChange: (podUid: string) => void;
}

interface Watched {
  readonly store: InformerStore<KubeObject>;
  readonly users: Set<string>;
  readonly stop: AbortController;
  /** The last failure to read it; absent while it can be read. */
  error?: unknown;
}

const readTimeoutMs = 10_000;

/** Reads objects by name from copies that are kept current by a watch of that one object. */
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

  /** Ends the watches that only this pod needed. */
  release(podUid: string): void {
    for (const [key, watched] of this.#watched) {
      if (!watched.users.delete(podUid) || watched.users.size > 0) continue;
      watched.stop.abort();
      this.#watched.delete(key);
    }
  }

  /** Ends all watches. */
  stop(): void {
    for (const { stop } of this.#watched.values()) stop.abort();
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
    const outcome = await Promise.race([watched.store.synced, late]);
    timeout.abort();
    if (outcome === "late") throw watched.error ?? new Error(`timed out waiting for ${resource.resource} "${name}"`);
    return watched.store.get(`${namespace}/${name}`) as T | undefined;
  }

  #watch(resource: Resource, namespace: string, name: string, key: string): Watched {
    const { client, clock, random, onChange } = this.#options;
    const store = new InformerStore<KubeObject>();
    const watched: Watched = { store, users: new Set(), stop: new AbortController() };
    this.#watched.set(key, watched);
    void runReflector({
      client,
      resource,
      query: { namespace, fieldSelector: `metadata.name=${name}` },
      sink: store,
      clock,
      random,
      signal: watched.stop.signal,
      onError: (error) => {
        watched.error = error;
      },
    });
    void store.synced.then(() => {
      let first = true;
      store.onChange(() => {
        if (!first) for (const user of watched.users) onChange(user);
      });
      first = false;
    });
    return watched;
  }
}
