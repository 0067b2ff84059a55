/**
 * Makes and deletes pods for their controllers, with Events (upstream: RealPodControl in
 * controller/controller_utils.go).
 */
import { deepCopy } from "../apimachinery/equality.ts";
import { isNotFound } from "../apimachinery/errors.ts";
import type { Draft, KubeObject, OwnerReference } from "../apimachinery/meta.ts";
import { nameIsDNSSubdomain } from "../apimachinery/validation/names.ts";
import type { Client } from "../client/interface.ts";
import type { Pod, PodTemplateSpec } from "../openapi/types/core-v1.ts";
import { pods } from "../openapi/types/resources.ts";
import type { EventRecorder } from "./event-recorder.ts";
import { isNamespaceTerminating } from "./namespace-terminating.ts";

/** A pod as a template wants it, named after its controller. */
export function podFromTemplate(template: PodTemplateSpec, owner: KubeObject, ref: OwnerReference): Draft<Pod> {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  // With a name that is too long for the dash the pods' names begin without it.
  const dashed = `${owner.metadata.name}-`;
  const generateName = nameIsDNSSubdomain(dashed, true).length === 0 ? dashed : owner.metadata.name;
  return {
    metadata: {
      generateName,
      namespace: owner.metadata.namespace,
      labels: { ...labels },
      ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
      ...(finalizers === undefined ? {} : { finalizers: [...finalizers] }),
      ownerReferences: [ref],
    },
    spec: deepCopy(template.spec ?? { containers: [] }),
  };
}

/** Creates and deletes pods on behalf of `owner`, and says so in Events about it. */
export class PodControl {
  readonly #client: Client;
  readonly #events: EventRecorder;

  constructor(client: Client, events: EventRecorder) {
    this.#client = client;
    this.#events = events;
  }

  /** Throws what the server says; a namespace that ends is no cause for an Event. */
  async create(pod: Draft<Pod>, owner: KubeObject): Promise<Pod> {
    try {
      const created = await this.#client.create(pods, pod);
      this.#events.event(owner, "Normal", "SuccessfulCreate", `Created pod: ${created.metadata.name}`);
      return created;
    } catch (error) {
      if (!isNamespaceTerminating(error))
        this.#events.event(owner, "Warning", "FailedCreate", `Error creating: ${(error as Error).message}`);
      throw error;
    }
  }

  /** False where the pod was gone already. Throws an Error that holds what the server says. */
  async delete(pod: Pod, owner: KubeObject): Promise<boolean> {
    const { namespace, name, uid } = pod.metadata;
    try {
      await this.#client.delete(pods, { namespace, name }, { uid });
      this.#events.event(owner, "Normal", "SuccessfulDelete", `Deleted pod: ${name}`);
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      this.#events.event(owner, "Warning", "FailedDelete", `Error deleting: ${(error as Error).message}`);
      throw new Error(`unable to delete pods: ${(error as Error).message}`, { cause: error });
    }
  }
}

/**
 * Calls `start` up to `count` times: once, then twice at once, then four times, as long as all succeed, so that what
 * would
 * fail a thousand times fails once. Gives the first error; calls that were not made just are not made.
 */
export async function slowStart(count: number, start: () => Promise<void>): Promise<unknown> {
  let left = count;
  for (let size = Math.min(left, 1); size > 0; size = Math.min(size * 2, left)) {
    const results = await Promise.allSettled(Array.from({ length: size }, start));
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) return failed.reason;
    left -= size;
  }
  return undefined;
}
