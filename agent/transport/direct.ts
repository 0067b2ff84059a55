/** The direct transport: watches, status patches and a Lease, as a kubelet has them. */
import { type Clock, type Random, systemRandom } from "../../lib/apimachinery/clock.ts";
import type { KubeObject, Resource } from "../../lib/apimachinery/meta.ts";
import type { HttpClient } from "../../lib/client/http.ts";
import type { Informers } from "../../lib/client/informer.ts";
import type { Client } from "../../lib/client/interface.ts";
import { runReflector } from "../../lib/client/reflector.ts";
import { createInformers, InformerStore } from "../../lib/client/shared-informers.ts";
import type { Node, NodeStatus } from "../../lib/openapi/types/core-v1.ts";
import { nodes } from "../../lib/openapi/types/resources.ts";
import { keepLease } from "../node/lease.ts";
import { StatusWriter } from "../pods/status-writer.ts";
import type { NodePlace, ObjectCopies, ObjectCopy, Transport } from "./transport.ts";

/** What it is made with. */
export interface DirectTransportOptions {
  readonly client: HttpClient;
  readonly clock: Clock;
  readonly nodeName: string;
  readonly log: (message: string, error?: unknown) => void;
}

/** The transport. Closes the client when it stops. */
export class DirectTransport implements Transport {
  readonly client: HttpClient;
  readonly informers: Informers;
  readonly copies: ObjectCopies;
  readonly statuses: StatusWriter;
  readonly #options: DirectTransportOptions;
  readonly #stopping = new AbortController();

  constructor(options: DirectTransportOptions) {
    const { client, clock, log } = options;
    this.#options = options;
    this.client = client;
    const onError = (error: unknown) => log(`the API server can't be read: ${(error as Error).message}`, error);
    this.informers = createInformers({ client, onError });
    this.copies = new WatchedCopies(client, clock, systemRandom);
    this.statuses = new StatusWriter({
      client,
      clock,
      onError: (error, { metadata }) =>
        log(`the status of ${metadata.namespace}/${metadata.name} can't be written: ${(error as Error).message}`),
    });
  }

  reportNode(node: Node, status: NodeStatus): Promise<Node> {
    return patchNodeStatus(this.client, node, status);
  }

  start(place: NodePlace): void {
    const { client, clock, nodeName, log } = this.#options;
    const lease = {
      client,
      clock,
      nodeName,
      nodeUid: () => place.node?.metadata.uid,
      onError: (error: unknown) => log(`the lease can't be renewed: ${(error as Error).message}`),
    };
    void keepLease(lease, this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.statuses.stop();
    await this.informers.stop();
    this.client.close();
  }
}

/** Writes a Node's status; gives the Node as it is then. */
export function patchNodeStatus(client: Client, { metadata }: Node, status: NodeStatus): Promise<Node> {
  const patch = { status: { ...status, addresses: [{ $patch: "replace" }, ...(status.addresses ?? [])] } };
  return client.patch(nodes, { name: metadata.name }, "strategic", patch, { subresource: "status" });
}

/** Copies kept by a watch of the one object each. */
export class WatchedCopies implements ObjectCopies {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(client: Client, clock: Clock, random: Random) {
    this.#client = client;
    this.#clock = clock;
    this.#random = random;
  }

  open(resource: Resource, namespace: string, name: string, onError: (error: unknown) => void): ObjectCopy {
    const store = new InformerStore<KubeObject>();
    const stopping = new AbortController();
    void runReflector({
      client: this.#client,
      resource,
      query: { namespace, fieldSelector: `metadata.name=${name}` },
      sink: store,
      clock: this.#clock,
      random: this.#random,
      signal: stopping.signal,
      onError,
    });
    return { informer: store, close: () => stopping.abort() };
  }
}
