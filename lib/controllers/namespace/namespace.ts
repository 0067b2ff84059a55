/** Empties namespaces that are being deleted and lets them go (upstream: controller/namespace). */
import { hasReason, isNotFound } from "../../apimachinery/errors.ts";
import type { Resource } from "../../apimachinery/meta.ts";
import { discoverResources } from "../../client/discovery.ts";
import { resourcePath } from "../../client/rest.ts";
import type { Namespace } from "../../openapi/types/core-v1.ts";
import { namespaces, pods } from "../../openapi/types/resources.ts";
import { type Change, type Controller, type ControllerContext, ownKey, type Result, source } from "../controller.ts";
import { isPodTerminal } from "../pod-status.ts";
import { namespaceConditions, type Pass, type Remaining } from "./conditions.ts";

const finalizer = "kubernetes";
/** How long content with finalizers is thought to need, in seconds. */
const finalizerEstimateSeconds = 15;

/** The controller; its keys are names of namespaces. */
export function createNamespaceController(context: ControllerContext): Controller {
  return new NamespaceController(context);
}

interface Deletable extends Resource {
  readonly verbs: readonly string[];
}

class NamespaceController implements Controller {
  readonly name = "namespace-controller";
  readonly sources = [
    source(namespaces, (change: Change<Namespace>) =>
      change.object?.metadata.deletionTimestamp === undefined ? [] : ownKey(change),
    ),
  ];
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  /**
   * The last object of a resource has left a namespace that ends: it may be finished now. Or a write that was under way
   * when a namespace ended has arrived after it.
   */
  async graphKeys(resource: Resource, { object, old }: Change): Promise<string[]> {
    const { graph, informers, maxWriteDelayMs = 0 } = this.#context;
    const { namespace } = (object ?? old)?.metadata ?? {};
    if (namespace === undefined) return [];
    // Most changes are of what goes on being there: whether its namespace ends need not be known for these.
    if (object !== undefined && (old !== undefined || maxWriteDelayMs === 0)) return [];
    const known = informers.get(namespaces).get(namespace);
    if (object !== undefined) return known === undefined ? [namespace] : [];
    const ending = known?.metadata.deletionTimestamp !== undefined;
    return ending && !(await graph.hasObjects(resource, namespace)) ? [namespace] : [];
  }

  async reconcile(name: string): Promise<Result | undefined> {
    const { client, clock, maxWriteDelayMs = 0 } = this.#context;
    let namespace = await this.#live(name);
    if (namespace === undefined) return maxWriteDelayMs > 0 ? this.#sweep(name) : undefined;
    const deletedAt = namespace.metadata.deletionTimestamp;
    if (deletedAt === undefined) return undefined;
    if (namespace.status?.phase !== "Terminating") {
      const status = { ...namespace.status, phase: "Terminating" };
      namespace = await client.update(namespaces, { ...namespace, status }, { subresource: "status" });
    }
    if ((namespace.spec?.finalizers ?? []).length === 0) return undefined;
    const seconds = await this.#empty(namespace, Date.parse(deletedAt));
    // Half of it, as upstream: the estimate is the worst case.
    if (seconds > 0) return { requeueAfterMs: (seconds / 2 + 1) * 1000 };
    // A write that began before the deletion may still arrive: only an empty pass after it counts.
    const delayMs = Date.parse(deletedAt) + maxWriteDelayMs - clock.now();
    if (maxWriteDelayMs > 0 && delayMs > 0) return { requeueAfterMs: delayMs + 1000 };
    await this.#finalize(namespace);
    return undefined;
  }

  /** Deletes what a late writer has left in a namespace that is gone. Throws what went wrong. */
  async #sweep(name: string): Promise<undefined> {
    for (const resource of await deletableResources(this.#context.client)) await this.#deleteAll(resource, name);
  }

  async #live(name: string): Promise<Namespace | undefined> {
    try {
      return await this.#context.client.get(namespaces, { name });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #finalize(namespace: Namespace): Promise<void> {
    const finalizers = (namespace.spec?.finalizers ?? []).filter((one) => one !== finalizer);
    const changed = { ...namespace, spec: { ...namespace.spec, finalizers } };
    try {
      await this.#context.client.update(namespaces, changed, { subresource: "finalize" });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /**
   * Deletes all that is in it. Gives the seconds until the rest may be gone; 0: nothing is left. Throws what went
   * wrong.
   */
  async #empty(namespace: Namespace, deletedAt: number): Promise<number> {
    const { client, clock } = this.#context;
    const pass = { remaining: [] as Remaining[], errors: [] as Error[], seconds: 0 };
    let discoveryError: Error | undefined;
    let resources: Deletable[] = [];
    try {
      resources = await deletableResources(client);
    } catch (error) {
      discoveryError = error as Error;
      pass.errors.push(discoveryError);
    }
    const name = namespace.metadata.name;
    // Pods first: what they need (network policies, secrets) must outlive them.
    const isPods = ({ group, resource }: Resource) => group === "" && resource === "pods";
    for (const resource of resources.filter(isPods)) await this.#emptyResource(resource, name, deletedAt, pass);
    const podsRemain = pass.remaining.length > 0;
    if (!podsRemain) {
      for (const resource of resources) {
        if (!isPods(resource)) await this.#emptyResource(resource, name, deletedAt, pass);
      }
    }
    const shown: Pass = { ...pass, ...(discoveryError === undefined ? {} : { discoveryError }) };
    const conditions = namespaceConditions(namespace.status?.conditions ?? [], shown, clock.now());
    if (conditions !== namespace.status?.conditions && (pass.remaining.length > 0 || pass.errors.length > 0)) {
      const status = { ...namespace.status, conditions: [...conditions] };
      const fresh = await client.update(namespaces, { ...namespace, status }, { subresource: "status" });
      namespace.metadata.resourceVersion = fresh.metadata.resourceVersion;
    }
    if (pass.errors.length > 0) throw pass.errors[0];
    return pass.seconds;
  }

  async #emptyResource(
    resource: Deletable,
    namespace: string,
    deletedAt: number,
    pass: { remaining: Remaining[]; errors: Error[]; seconds: number },
  ): Promise<void> {
    try {
      const isPods = resource.group === "" && resource.resource === "pods";
      const grace = isPods ? await this.#podGraceSeconds(namespace, deletedAt) : 0;
      await this.#deleteAll(resource, namespace);
      if (!resource.verbs.includes("list")) return;
      const { items } = await this.#context.client.list(resource, { namespace });
      if (items.length === 0) return;
      const finalizers = new Map<string, number>();
      for (const { metadata } of items)
        for (const one of metadata.finalizers ?? []) finalizers.set(one, (finalizers.get(one) ?? 0) + 1);
      pass.remaining.push({ resource, count: items.length, finalizers });
      const seconds = grace > 0 ? grace : finalizers.size > 0 ? finalizerEstimateSeconds : 0;
      pass.seconds = Math.max(pass.seconds, seconds);
      if (seconds > 0) return;
      const gvr = `${resource.group}/${resource.version}, Resource=${resource.resource}`;
      throw new Error(`unexpected items still remain in namespace: ${namespace} for gvr: ${gvr}`);
    } catch (error) {
      pass.errors.push(error as Error);
    }
  }

  /** The longest grace of the namespace's pods, or 0 when it is over. */
  async #podGraceSeconds(namespace: string, deletedAt: number): Promise<number> {
    const { items } = await this.#context.client.list(pods, { namespace });
    const grace = items
      .filter((pod) => !isPodTerminal(pod))
      .reduce((most, pod) => Math.max(most, pod.spec.terminationGracePeriodSeconds ?? 0), 0);
    return this.#context.clock.now() - deletedAt >= grace * 1000 ? 0 : grace;
  }

  async #deleteAll(resource: Deletable, namespace: string): Promise<void> {
    const { client } = this.#context;
    if (resource.verbs.includes("deletecollection")) {
      const body = { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy: "Background" };
      try {
        await client.request("DELETE", resourcePath(resource, namespace), body);
        return;
      } catch (error) {
        if (!hasReason(error, "MethodNotAllowed") && !isNotFound(error)) throw error;
      }
    }
    if (!resource.verbs.includes("list")) return;
    const { items } = await client.list(resource, { namespace });
    for (const { metadata } of items) {
      try {
        await client.delete(resource, { namespace, name: metadata.name }, { propagationPolicy: "Background" });
      } catch (error) {
        if (!hasReason(error, "MethodNotAllowed") && !isNotFound(error)) throw error;
      }
    }
  }
}

async function deletableResources(client: ControllerContext["client"]): Promise<Deletable[]> {
  const served = await discoverResources(client);
  return served.filter(({ namespaced, verbs }) => namespaced && verbs.includes("delete"));
}
