/**
 * The contract of control loops (after controller-runtime): level-based, one key at a time, the same code in one
 * process
 * and in Lambdas. `index.ts` is the only list.
 */
import type { Clock, Random } from "../apimachinery/clock.ts";
import { type KubeObject, keyOf, type Resource } from "../apimachinery/meta.ts";
import type { InformerQuery, Informers } from "../client/informer.ts";
import type { Client } from "../client/interface.ts";
import type { EventRecorder } from "./event-recorder.ts";
import type { ObjectGraph } from "./object-graph.ts";

/** A change of one object that a controller looks at. `old` is absent when it appears, `object` when it goes. */
export interface Change<T extends KubeObject = KubeObject> {
  readonly object?: T;
  readonly old?: T;
}

/** Which changes set off which keys. */
export interface Source<T extends KubeObject = KubeObject> {
  readonly resource: Resource<T>;
  /** Which objects, or how much of them; absent: all. */
  readonly query?: InformerQuery;
  /** The keys (mostly `namespace/name`) to reconcile after a change. Pure: reads only the change and informers. */
  keys(change: Change<T>): Iterable<string>;
}

/** What a reconcile gives: nothing, or when to look again without a change. */
export interface Result {
  readonly requeueAfterMs?: number;
  /**
   * When to look whether something has *not* happened meanwhile. Who sees that from elsewhere (in the cloud the tick,
   * of which all silent nodes are known) may leave it out.
   */
  readonly pollAfterMs?: number;
}

/** A control loop. */
export interface Controller {
  /** As kube-controller-manager's --controllers names it. */
  readonly name: string;
  readonly sources: readonly Source[];
  /**
   * The keys to reconcile after a change of any object of the graph. Reads only the change, informers and the graph.
   * Rejects as the graph does.
   */
  graphKeys?(resource: Resource, change: Change): Promise<readonly string[]>;
  /** Brings the world nearer to what the object named by the key wants. Throws to be called again with back-off. */
  // biome-ignore lint/suspicious/noConfusingVoidType: most reconcilers have nothing to say.
  reconcile(key: string): Promise<Result | void>;
}

/** What a controller works with. Reads go to informers, writes to the client. */
export interface ControllerContext {
  readonly client: Client;
  readonly informers: Informers;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly random: Random;
  /** Where nodes report elsewhere than in Leases: the time (ms) the Node with the uid was last heard of, or undefined. */
  lastHeard?(node: string, uid: string): number | undefined;
  /** All objects that can be owners or dependents. */
  readonly graph: ObjectGraph;
  /** How long a write may still be under way after the server has taken it; absent: no time (ms). */
  readonly maxWriteDelayMs?: number;
  /** The cluster's CA in PEM, for root-ca-cert-publisher. */
  readonly rootCertificate: string;
}

/** Makes a controller. It asks for every informer that it reads from here, so that it runs only when all are synced. */
export type ControllerFactory = (context: ControllerContext) => Controller;

/** A controller in the list of all. */
export interface ControllerEntry {
  /** As kube-controller-manager's --controllers names it. */
  readonly name: string;
  readonly create: ControllerFactory;
  /** The source of its Events where that is not its name. */
  readonly component?: string;
  /** How many keys it reconciles at once; default 5. */
  readonly workers?: number;
}

/** A source of one kind among sources of others. */
export function source<T extends KubeObject>(
  resource: Resource<T>,
  keys: (change: Change<T>) => Iterable<string>,
  query?: InformerQuery,
): Source {
  return { resource, keys, ...(query === undefined ? {} : { query }) } as unknown as Source;
}

/** The key of the changed object itself. */
export function ownKey(change: Change): string[] {
  const object = change.object ?? change.old;
  return object === undefined ? [] : [keyOf(object)];
}
