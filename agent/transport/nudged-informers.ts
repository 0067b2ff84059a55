/** Informers and copies of single objects that are read when the node is nudged. */
import { hasReason, StatusError } from "../../lib/apimachinery/errors.ts";
import type { KubeObject, Resource } from "../../lib/apimachinery/meta.ts";
import { type CatchUpInformers, createCatchUpInformers } from "../../lib/client/catch-up-informers.ts";
import type { Informer, InformerQuery, Informers } from "../../lib/client/informer.ts";
import type { Client } from "../../lib/client/interface.ts";
import type { CatchUps } from "./catch-ups.ts";
import type { ObjectCopies, ObjectCopy } from "./transport.ts";
import { collectionOf, type Want } from "./wants.ts";

/** Informers that are read for the first time as soon as they are asked for. */
export class NudgedInformers implements Informers {
  readonly #informers: CatchUpInformers;
  readonly #catchUps: CatchUps;
  readonly #known = new Set<Informer<KubeObject>>();
  readonly #collections = new Set<string>();

  constructor(informers: CatchUpInformers, catchUps: CatchUps) {
    this.#informers = informers;
    this.#catchUps = catchUps;
  }

  get<T extends KubeObject>(resource: Resource<T>, query?: InformerQuery): Informer<T> {
    const informer = this.#informers.get(resource, query);
    const one = informer as unknown as Informer<KubeObject>;
    if (!this.#known.has(one)) {
      this.#known.add(one);
      this.#collections.add(collectionOf(resource));
      void this.#catchUps.need([{ resource }]);
    }
    return informer;
  }

  /** Whether all informers of the resource hold what was written up to the revision. */
  isRead(resource: Resource, revision: number): boolean {
    return !this.#collections.has(collectionOf(resource)) || this.#informers.revision(resource) >= revision;
  }

  stop(): Promise<void> {
    return this.#informers.stop();
  }
}

/** Copies that are read at once: they may be hundreds, and a cluster's nodes may all read at the same time. */
const parallel = 8;

interface Held {
  readonly resource: Resource;
  /** `namespace/name` */
  readonly key: string;
  readonly informers: CatchUpInformers;
  readonly onError: (error: unknown) => void;
}

/** Copies of single objects, each a list of one. */
export class NudgedCopies implements ObjectCopies {
  readonly #client: Client;
  readonly #readTimeoutMs: number;
  readonly #need: (wants: readonly Want[]) => void;
  readonly #held = new Set<Held>();

  /** A read ends after `readTimeoutMs`; `need` has copies read again, as long as it takes. */
  constructor(client: Client, readTimeoutMs: number, need: (wants: readonly Want[]) => void) {
    this.#client = client;
    this.#readTimeoutMs = readTimeoutMs;
    this.#need = need;
  }

  open(resource: Resource, namespace: string, name: string, onError: (error: unknown) => void): ObjectCopy {
    const informers = createCatchUpInformers({ client: this.#client, readTimeoutMs: this.#readTimeoutMs });
    const informer = informers.get<KubeObject>(resource, { namespace, fieldSelector: `metadata.name=${name}` });
    const key = `${namespace}/${name}`;
    const held: Held = { resource, key, informers, onError };
    this.#held.add(held);
    informers.catchUp().catch((error: unknown) => {
      onError(error);
      if (this.#held.has(held)) this.#need([{ resource, keys: [key] }]);
    });
    const close = () => {
      this.#held.delete(held);
      void informers.stop();
    };
    return { informer, close };
  }

  /**
   * Reads those that are wanted, or all, again. One that the node may not read holds up no other: its pod has been
   * deleted, or was only just bound. Rejects where the server can't be asked.
   */
  async catchUp(wants?: readonly Want[]): Promise<void> {
    const waiting = [...this.#held].filter((held) => wants?.some((want) => isWanted(held, want)) ?? true);
    let failure: { readonly error: unknown } | undefined;
    const work = async () => {
      for (let held = waiting.pop(); held !== undefined; held = waiting.pop()) {
        const { informers, onError } = held;
        try {
          if (this.#held.has(held)) await informers.catchUp();
        } catch (error) {
          onError(error);
          if (isRefusal(error)) continue;
          failure = { error };
          // The rest would find the same.
          waiting.length = 0;
        }
      }
    };
    await Promise.all(Array.from({ length: parallel }, work));
    if (failure !== undefined) throw failure.error;
  }

  /** Whether those that are wanted hold what was written up to the revision. */
  isRead(want: Want, revision: number): boolean {
    return [...this.#held].every((held) => !isWanted(held, want) || held.informers.revision(held.resource) >= revision);
  }

  stop(): void {
    for (const { informers } of this.#held) void informers.stop();
    this.#held.clear();
  }
}

function isWanted({ resource, key }: Held, { resource: wanted, keys }: Want): boolean {
  return collectionOf(resource) === collectionOf(wanted) && (keys?.includes(key) ?? true);
}

const isRefusal = (error: unknown) => error instanceof StatusError && hasReason(error, "Forbidden");
