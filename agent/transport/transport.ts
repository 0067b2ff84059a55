/** How an agent hears of its cluster and tells it of its node: directly, or through queues. */
import type { KubeObject, Resource } from "../../lib/apimachinery/meta.ts";
import type { Informer, Informers } from "../../lib/client/informer.ts";
import type { Client } from "../../lib/client/interface.ts";
import type { Node, NodeStatus } from "../../lib/openapi/types/core-v1.ts";
import type { PodStatuses } from "../pods/status-writer.ts";

/** A copy of one object, kept current until it is closed. */
export interface ObjectCopy {
  /** Holds the object, or nothing where there is none; `synced` when that is known. */
  readonly informer: Informer<KubeObject>;
  close(): void;
}

/** Copies of single objects, for what pods refer to. */
export interface ObjectCopies {
  /** `onError` is told of failures to read; they are tried again. */
  open(resource: Resource, namespace: string, name: string, onError: (error: unknown) => void): ObjectCopy;
}

/** What a transport must know of the node once it is registered. */
export interface NodePlace {
  /** The Node as it was read, or reported, last; undefined: it has to be made again. */
  readonly node: Node | undefined;
  /** The Node has been read anew; without `object`: the `old` one is gone. What is older than what is known is nothing. */
  seen(change: { readonly object?: Node; readonly old?: Node }): void;
}

/** A transport. */
export interface Transport {
  /** For what is asked for once in a while: registration, tokens, Events. */
  readonly client: Client;
  readonly informers: Informers;
  readonly copies: ObjectCopies;
  readonly statuses: PodStatuses;
  /** Annotations that the Node must bear. */
  readonly nodeAnnotations?: Readonly<Record<string, string>>;
  /** Tells how the node is. Gives the Node as it then is, or will be. */
  reportNode(node: Node, status: NodeStatus): Promise<Node>;
  /** The Node is registered: from now on it is shown to be alive, and heard of. */
  start(place: NodePlace): void;
  /** Ends everything. Pods run on. */
  stop(): Promise<void>;
}
