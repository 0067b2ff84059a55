/**
 * The contract of control loops (after controller-runtime): level-based, one key at a time, the same code in one process
 * and in Lambdas. `index.ts` is the only list.
 */
import type { Clock, Random } from "../apimachinery/clock.ts";
import type { KubeObject, Resource } from "../apimachinery/meta.ts";
import type { Informers } from "../client/informer.ts";
import type { Client } from "../client/interface.ts";
import type { EventRecorder } from "./event-recorder.ts";

/** A change of one object that a controller looks at. `old` is absent when it appears, `object` when it goes. */
export interface Change<T extends KubeObject = KubeObject> {
  readonly object?: T;
  readonly old?: T;
}

/** Which changes set off which keys. */
export interface Source<T extends KubeObject = KubeObject> {
  readonly resource: Resource<T>;
  /** The keys (mostly `namespace/name`) to reconcile after a change. Pure: reads only the change and informers. */
  keys(change: Change<T>): Iterable<string>;
}

/** What a reconcile gives: nothing, or when to look again without a change. */
export interface Result {
  readonly requeueAfterMs?: number;
}

/** A control loop. */
export interface Controller {
  /** As kube-controller-manager's --controllers names it. */
  readonly name: string;
  readonly sources: readonly Source[];
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
  /** Where nodes report elsewhere than in Leases: the time (ms) a node was last heard of, or undefined. */
  lastHeard?(node: string): number | undefined;
  /** The cluster's CA in PEM, for root-ca-cert-publisher. */
  readonly rootCertificate: string;
}

/** Makes a controller. */
export type ControllerFactory = (context: ControllerContext) => Controller;
