/** Writes Events about objects, counting repeats instead of writing them again (upstream: client-go/tools/record). */
import { createHash } from "node:crypto";
import type { Clock } from "../apimachinery/clock.ts";
import { hasReason, isNotFound } from "../apimachinery/errors.ts";
import type { KubeObject, Resource } from "../apimachinery/meta.ts";
import { type Correlated, EventCorrelator } from "./event-correlator.ts";
import type { Client } from "./interface.ts";

/** Records what happened to an object. Never throws and never waits: an Event that cannot be written is dropped. */
export interface EventRecorder {
  /** The object must have kind and apiVersion. */
  event(object: KubeObject, type: "Normal" | "Warning", reason: string, message: string, options?: EventOptions): void;
}

/** What else may be said of an occurrence. */
export interface EventOptions {
  /** Which part of the object: `spec.containers{web}`. */
  readonly fieldPath?: string;
  /** Several processes may record it, and one Event is wanted: none is written as long as there is one. */
  readonly once?: boolean;
}

/** Who records: a component (`replicaset-controller`, `kubelet`) and, of a node's, its host. */
export interface EventSource {
  readonly component: string;
  readonly host?: string;
}

/** A recorder that can be awaited. */
export interface ClientEventRecorder extends EventRecorder {
  /** Resolves when what has been recorded is written or dropped. */
  flush(): Promise<void>;
}

/** Events that wait to be written; more are dropped, as upstream does. */
const queueLimit = 1000;

/** A recorder that writes core/v1 Events with the client. */
export function createEventRecorder(client: Client, source: EventSource, clock: Clock): ClientEventRecorder {
  return new QueuedRecorder(client, source, clock);
}

/** core/v1 Event, as far as it is written here; the client knows no schema. */
interface CoreEvent extends KubeObject {
  involvedObject: Readonly<Record<string, string>>;
  reason: string;
  message: string;
  source: EventSource;
  firstTimestamp: string;
  lastTimestamp: string;
  count: number;
  type: string;
  reportingComponent: string;
  reportingInstance: string;
}

const events: Resource<CoreEvent> = { group: "", version: "v1", resource: "events", kind: "Event", namespaced: true };

class QueuedRecorder implements ClientEventRecorder {
  readonly #client: Client;
  readonly #source: EventSource;
  readonly #clock: Clock;
  readonly #correlator: EventCorrelator;
  /** One after the other, so that an Event exists before its count is raised. */
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;
  #serial = 0;

  constructor(client: Client, source: EventSource, clock: Clock) {
    this.#client = client;
    this.#source = source;
    this.#clock = clock;
    this.#correlator = new EventCorrelator(clock);
  }

  event(
    object: KubeObject,
    type: "Normal" | "Warning",
    reason: string,
    message: string,
    { fieldPath, once = false }: EventOptions = {},
  ): void {
    if (this.#waiting >= queueLimit) return;
    const { name, namespace, uid, resourceVersion } = object.metadata;
    const involvedObject = {
      ...(object.kind === undefined ? {} : { kind: object.kind }),
      ...(namespace === undefined ? {} : { namespace }),
      name,
      uid,
      ...(object.apiVersion === undefined ? {} : { apiVersion: object.apiVersion }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(fieldPath === undefined ? {} : { fieldPath }),
    };
    this.#waiting++;
    this.#tail = this.#tail
      .then(() => this.#record(involvedObject, type, reason, message, once))
      .catch(() => {})
      .finally(() => {
        this.#waiting--;
      });
  }

  flush(): Promise<void> {
    return this.#tail;
  }

  async #record(
    involvedObject: CoreEvent["involvedObject"],
    type: string,
    reason: string,
    message: string,
    once: boolean,
  ): Promise<void> {
    const { kind, namespace, name, uid, apiVersion, fieldPath } = involvedObject;
    const { component, host } = this.#source;
    const subject = [component, host, kind, namespace, name, fieldPath, uid, apiVersion].join("/");
    const result = this.#correlator.correlate({ subject, type, reason, message });
    if (result.action === "drop") return;
    const place = namespace || "default";
    if (result.action === "update" && (await this.#raise(result, place))) return;
    const event = {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: `${name}.${once ? suffixOf(subject, reason, message) : this.#suffix()}`, namespace: place },
      involvedObject,
      reason,
      message: result.message,
      source: this.#source,
      firstTimestamp: result.action === "update" ? result.firstTime : result.time,
      lastTimestamp: result.time,
      count: result.action === "update" ? result.count : 1,
      type,
      reportingComponent: component,
      reportingInstance: host ?? "",
    };
    try {
      await this.#client.create(events, event);
      this.#correlator.created(result.key, event.metadata.name, event.firstTimestamp, event.count);
    } catch (error) {
      // A namespace that ends takes no Events; everything else is not worth a second try either.
      if (!hasReason(error, "Forbidden")) this.#correlator.forget(result.key);
    }
  }

  /** Raises the count of an Event; false where it is gone (Events expire). */
  async #raise(update: Extract<Correlated, { action: "update" }>, namespace: string): Promise<boolean> {
    const patch = { count: update.count, lastTimestamp: update.time, message: update.message };
    try {
      await this.#client.patch(events, { namespace, name: update.name }, "strategic", patch);
      return true;
    } catch (error) {
      if (!isNotFound(error)) return true;
      this.#correlator.forget(update.key);
      return false;
    }
  }

  /**
   * The time in nanoseconds, hexadecimal, as upstream names Events; a serial number stands for what the clock lacks.
   */
  #suffix(): string {
    this.#serial = (this.#serial + 1) % 1_000_000;
    return (BigInt(this.#clock.now()) * 1_000_000n + BigInt(this.#serial)).toString(16);
  }
}

/** The same for the same occurrence, in every process. */
function suffixOf(...occurrence: readonly string[]): string {
  return createHash("sha256").update(occurrence.join("\n")).digest("hex").slice(0, 16);
}
