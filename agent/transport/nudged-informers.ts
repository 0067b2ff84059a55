/** Informers and copies of single objects that are read when the node is nudged. */
import { hasReason, StatusError } from "../../lib/apimachinery/errors.ts";
import type { KubeObject, Resource } from "../../lib/apimachinery/meta.ts";
import { type CatchUpInformers, createCatchUpInformers } from "../../lib/client/catch-up-informers.ts";
import type { Informer, InformerQuery, Informers } from "../../lib/client/informer.ts";
import type { Client } from "../../lib/client/interface.ts";
import type { CatchUps } from "./catch-ups.ts";
import type { ObjectCopies, ObjectCopy } from "./transport.ts";

/** Informers that are read for the first time as soon as they are asked for. */
export class NudgedInformers implements Informers {
  readonly #informers: CatchUpInformers;
  readonly #catchUps: CatchUps;
  readonly #known = new Set<Informer<KubeObject>>();

  constructor(informers: CatchUpInformers, catchUps: CatchUps) {
    this.#informers = informers;
    this.#catchUps = catchUps;
  }

  get<T extends KubeObject>(resource: Resource<T>, query?: InformerQuery): Informer<T> {
    const informer = this.#informers.get(resource, query);
    const one = informer as unknown as Informer<KubeObject>;
    if (!this.#known.has(one)) {
      this.#known.add(one);
      void this.#catchUps.need([resource]);
    }
    return informer;
  }

  stop(): Promise<void> {
    return this.#informers.stop();
  }
}

interface Held {
  readonly resource: Resource;
  readonly informers: CatchUpInformers;
  readonly onError: (error: unknown) => void;
}

/** Copies of single objects, each a list of one. */
export class NudgedCopies implements ObjectCopies {
  readonly #client: Client;
  readonly #readTimeoutMs: number;
  readonly #need: (resources: readonly Resource[]) => void;
  readonly #held = new Set<Held>();

  /** A read ends after `readTimeoutMs`; `need` has copies of the resources read again, as long as it takes. */
  constructor(client: Client, readTimeoutMs: number, need: (resources: readonly Resource[]) => void) {
    this.#client = client;
    this.#readTimeoutMs = readTimeoutMs;
    this.#need = need;
  }

  open(resource: Resource, namespace: string, name: string, onError: (error: unknown) => void): ObjectCopy {
    const informers = createCatchUpInformers({ client: this.#client, readTimeoutMs: this.#readTimeoutMs });
    const informer = informers.get<KubeObject>(resource, { namespace, fieldSelector: `metadata.name=${name}` });
    const held: Held = { resource, informers, onError };
    this.#held.add(held);
    informers.catchUp().catch((error: unknown) => {
      onError(error);
      if (this.#held.has(held)) this.#need([resource]);
    });
    const close = () => {
      this.#held.delete(held);
      void informers.stop();
    };
    return { informer, close };
  }

  /**
   * Reads those of the resources, or all, again. One that the node may not read holds up no other: its pod has been
   * deleted, or was only just bound. Rejects where the server can't be asked.
   */
  async catchUp(resources?: readonly Resource[]): Promise<void> {
    const wanted = [...this.#held].filter(
      ({ resource }) =>
        resources === undefined ||
        resources.some(({ group, resource: plural }) => group === resource.group && plural === resource.resource),
    );
    await Promise.all(
      wanted.map(({ informers, onError }) =>
        informers.catchUp().catch((error: unknown) => {
          onError(error);
          if (!isRefusal(error)) throw error;
        }),
      ),
    );
  }

  stop(): void {
    for (const { informers } of this.#held) void informers.stop();
    this.#held.clear();
  }
}

const isRefusal = (error: unknown) => error instanceof StatusError && hasReason(error, "Forbidden");
