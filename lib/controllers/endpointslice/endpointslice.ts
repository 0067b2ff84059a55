/** Keeps the EndpointSlices of Services with a selector (upstream: controller/endpointslice). */
import { deepEqual } from "../../apimachinery/equality.ts";
import { isNotFound } from "../../apimachinery/errors.ts";
import { selectorFromSet } from "../../apimachinery/labels.ts";
import { keyOf } from "../../apimachinery/meta.ts";
import type { Node, Pod, Service } from "../../openapi/types/core-v1.ts";
import type { EndpointSlice } from "../../openapi/types/discovery-v1.ts";
import { endpointslices, nodes, pods, services } from "../../openapi/types/resources.ts";
import { type Change, type Controller, type ControllerContext, ownKey, type Result, source } from "../controller.ts";
import { isNamespaceTerminating } from "../namespace-terminating.ts";
import { OwnWrites } from "../own-writes.ts";
import { type AddressType, endpointChanged, endpointOf, hasEndpoint, portsKey, portsOf, zoneOf } from "./endpoint.ts";
import { addressTypesOf, managedBy, managedByLabel, type PortGroup, planSlices, serviceNameLabel } from "./plan.ts";

const unseenRetryMs = 1000;

/** The controller; its keys are those of Services. */
export function createEndpointSliceController(context: ControllerContext): Controller {
  return new EndpointSliceController(context);
}

class EndpointSliceController implements Controller {
  readonly name = "endpointslice-controller";
  readonly sources = [
    source(services, ownKey),
    source(pods, (change: Change<Pod>) => this.#podKeys(change)),
    source(nodes, (change: Change<Node>) => this.#nodeKeys(change)),
    source(endpointslices, ({ object, old }: Change<EndpointSlice>) => sliceKeys(object ?? old)),
  ];
  readonly #context: ControllerContext;
  readonly #writes = new OwnWrites();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#pods.addIndex("node", (pod) => (pod.spec.nodeName ? [pod.spec.nodeName] : []));
    this.#slices.addIndex("service", (slice) => sliceKeys(slice));
  }

  get #services() {
    return this.#context.informers.get(services);
  }

  get #pods() {
    return this.#context.informers.get(pods);
  }

  get #slices() {
    return this.#context.informers.get(endpointslices);
  }

  async reconcile(key: string): Promise<Result | undefined> {
    const service = this.#services.get(key);
    if (service === undefined) {
      this.#writes.forget(key);
      return undefined;
    }
    const { type, selector } = service.spec ?? {};
    if (type === "ExternalName" || !hasSelector(selector)) return undefined;
    if (!this.#writes.seen(key)) return { requeueAfterMs: unseenRetryMs };
    const labels = selectorFromSet(selector);
    const members = this.#pods
      .list(service.metadata.namespace)
      .filter((pod) => hasEndpoint(pod) && labels.matches(pod.metadata.labels ?? {}));
    const living = this.#slices.byIndex("service", key).filter((slice) => !slice.metadata.deletionTimestamp);
    const existing = this.#writes.withoutDeleted(key, living);
    try {
      const skipped = await this.#sync(key, service, members, existing);
      if (skipped !== undefined) this.#warn(service, skipped);
    } catch (error) {
      this.#warn(service, (error as Error).message);
      throw error;
    }
    return undefined;
  }

  #warn(service: Service, problem: string): void {
    const message = `Error updating Endpoint Slices for Service ${keyOf(service)}: ${problem}`;
    this.#context.events.event(service, "Warning", "FailedToUpdateEndpointSlices", message);
  }

  /** Gives why a pod was left out, if one was: its node is not known. When it is, that sets off the key again. */

  async #sync(
    key: string,
    service: Service,
    members: readonly Pod[],
    existing: readonly EndpointSlice[],
  ): Promise<string | undefined> {
    const types = addressTypesOf(service);
    const skipped: string[] = [];
    for (const type of types) {
      const groups = this.#groups(service, members, type, skipped);
      const slices = existing.filter((slice) => slice.addressType === type);
      await this.#write(key, service, planSlices(service, type, groups, slices));
    }
    for (const slice of existing) if (!types.has(slice.addressType as AddressType)) await this.#delete(key, slice);
    return skipped[0];
  }

  #groups(service: Service, members: readonly Pod[], type: AddressType, skipped: string[]): Map<string, PortGroup> {
    const groups = new Map<string, { ports: PortGroup["ports"]; endpoints: ReturnType<typeof endpointOf>[] }>();
    const nodeInformer = this.#context.informers.get(nodes);
    for (const pod of members) {
      const ports = portsOf(service, pod);
      const key = portsKey(ports);
      let group = groups.get(key);
      if (group === undefined) {
        group = { ports, endpoints: [] };
        groups.set(key, group);
      }
      const nodeName = pod.spec.nodeName ?? "";
      const node = nodeInformer.get(nodeName);
      if (node === undefined && !service.spec?.publishNotReadyAddresses) {
        skipped.push(`skipping Pod ${pod.metadata.name} for Service ${keyOf(service)}: Node ${nodeName} Not Found`);
        continue;
      }
      const endpoint = endpointOf(pod, node, service, type);
      if (endpoint.addresses.length > 0) group.endpoints.push(endpoint);
    }
    return groups;
  }

  async #write(key: string, service: Service, plan: ReturnType<typeof planSlices>): Promise<void> {
    const { client } = this.#context;
    if (service.metadata.deletionTimestamp === undefined) {
      for (const draft of plan.create) {
        try {
          this.#writes.wrote(key, this.#slices, await client.create(endpointslices, draft));
        } catch (error) {
          if (isNamespaceTerminating(error)) return;
          throw error;
        }
      }
    }
    for (const slice of plan.update) this.#writes.wrote(key, this.#slices, await client.update(endpointslices, slice));
    for (const slice of plan.delete) await this.#delete(key, slice);
  }

  async #delete(key: string, slice: EndpointSlice): Promise<void> {
    const { namespace, name, uid } = slice.metadata;
    try {
      await this.#context.client.delete(endpointslices, { namespace, name }, { uid });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    this.#writes.deleted(key, uid);
  }

  #podKeys({ object, old }: Change<Pod>): string[] {
    const pod = object ?? old;
    if (pod === undefined) return [];
    const relabelled =
      object === undefined ||
      old === undefined ||
      !deepEqual(object.metadata.labels, old.metadata.labels) ||
      object.spec.hostname !== old.spec.hostname ||
      object.spec.subdomain !== old.spec.subdomain;
    return relabelled || endpointChanged(old, object) ? this.#servicesOf(pod, old) : [];
  }

  /** A pod's node has come, or moved to another zone. */
  #nodeKeys({ object, old }: Change<Node>): Set<string> {
    const keys = new Set<string>();
    if (object === undefined) return keys;
    if (old !== undefined && zoneOf(old) === zoneOf(object)) return keys;
    for (const pod of this.#pods.byIndex("node", object.metadata.name))
      for (const key of this.#servicesOf(pod, undefined)) keys.add(key);
    return keys;
  }

  #servicesOf(pod: Pod, old: Pod | undefined): string[] {
    const keys: string[] = [];
    for (const service of this.#services.list(pod.metadata.namespace)) {
      const { selector } = service.spec ?? {};
      if (!hasSelector(selector)) continue;
      const labels = selectorFromSet(selector);
      if ([pod, old].some((one) => one !== undefined && labels.matches(one.metadata.labels ?? {})))
        keys.push(keyOf(service));
    }
    return keys;
  }
}

/** Without a selector the slices are somebody else's. */
function hasSelector(selector: Record<string, string> | undefined): selector is Record<string, string> {
  return selector !== undefined && Object.keys(selector).length > 0;
}

/** The key of the Service whose slice this is, where the slice is ours. */
function sliceKeys(slice: EndpointSlice | undefined): string[] {
  const { [serviceNameLabel]: name, [managedByLabel]: manager } = slice?.metadata.labels ?? {};
  return slice === undefined || !name || manager !== managedBy ? [] : [`${slice.metadata.namespace}/${name}`];
}
