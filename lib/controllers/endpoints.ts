/** Keeps the Endpoints of Services with a selector, for clients that know no slices (upstream: controller/endpoint). */
import { deepEqual, semanticEqual } from "../apimachinery/equality.ts";
import { isNotFound } from "../apimachinery/errors.ts";
import { selectorFromSet } from "../apimachinery/labels.ts";
import { keyOf, splitKey } from "../apimachinery/meta.ts";
import type { EndpointAddress, EndpointPort, EndpointSubset, Pod, Service } from "../openapi/types/core-v1.ts";
import { endpoints, pods, services } from "../openapi/types/resources.ts";
import { type Change, type Controller, type ControllerContext, ownKey, type Result, source } from "./controller.ts";
import { type AddressType, addressesOf, endpointChanged, hasEndpoint, portsOf } from "./endpointslice/endpoint.ts";
import { isNamespaceTerminating } from "./namespace-terminating.ts";
import { OwnWrites } from "./own-writes.ts";
import { isPodReady } from "./pod-status.ts";

const managedByLabel = "endpoints.kubernetes.io/managed-by";
const managedBy = "endpoint-controller";
const headlessLabel = "service.kubernetes.io/headless";
const overCapacityAnnotation = "endpoints.kubernetes.io/over-capacity";
/** Addresses in one Endpoints object. */
const maxAddresses = 1000;
const unseenRetryMs = 1000;

/** The controller; its keys are those of Services. */
export function createEndpointsController(context: ControllerContext): Controller {
  return new EndpointsController(context);
}

class EndpointsController implements Controller {
  readonly name = "endpoints-controller";
  readonly sources = [
    source(services, ownKey),
    source(pods, (change: Change<Pod>) => this.#podKeys(change)),
    source(endpoints, ownKey),
  ];
  readonly #context: ControllerContext;
  readonly #writes = new OwnWrites();

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  get #services() {
    return this.#context.informers.get(services);
  }

  get #endpoints() {
    return this.#context.informers.get(endpoints);
  }

  async reconcile(key: string): Promise<Result | undefined> {
    const service = this.#services.get(key);
    if (service === undefined) return this.#remove(key);
    const { selector, type } = service.spec ?? {};
    if (type === "ExternalName" || !hasSelector(selector)) return undefined;
    if (!this.#writes.seen(key)) return { requeueAfterMs: unseenRetryMs };
    const labels = selectorFromSet(selector);
    const members = this.#context.informers
      .get(pods)
      .list(service.metadata.namespace)
      .filter((pod) => labels.matches(pod.metadata.labels ?? {}) && belongs(pod, service));
    await this.#write(key, service, truncate(subsetsOf(service, members)));
    return undefined;
  }

  async #remove(key: string): Promise<undefined> {
    this.#writes.forget(key);
    const current = this.#endpoints.get(key);
    // Endpoints without a Service may be somebody's own.
    if (current === undefined || current.metadata.labels?.[managedByLabel] !== managedBy) return;
    try {
      const { uid } = current.metadata;
      await this.#context.client.delete(endpoints, splitKey(key), { uid });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async #write(
    key: string,
    service: Service,
    { subsets, truncated }: { subsets: EndpointSubset[]; truncated: boolean },
  ): Promise<void> {
    const { client, events } = this.#context;
    const current = this.#endpoints.get(key);
    const { name, namespace } = service.metadata;
    const labels = labelsFor(service);
    const { [overCapacityAnnotation]: marked, ...others } = current?.metadata.annotations ?? {};
    const annotations = truncated ? { ...others, [overCapacityAnnotation]: "truncated" } : others;
    const unchanged =
      current !== undefined &&
      semanticEqual(current.subsets, subsets) &&
      deepEqual(current.metadata.labels, labels) &&
      (marked !== undefined) === truncated;
    if (unchanged) return;
    try {
      const written =
        current === undefined
          ? await client.create(endpoints, { metadata: { name, namespace, labels, annotations }, subsets })
          : await client.update(endpoints, {
              ...current,
              metadata: { ...current.metadata, labels, annotations },
              subsets,
            });
      this.#writes.wrote(key, this.#endpoints, written);
    } catch (error) {
      if (isNamespaceTerminating(error)) return;
      const text = (error as Error).message;
      if (current === undefined) {
        const message = `Failed to create endpoint for service ${namespace}/${name}: ${text}`;
        events.event(service, "Warning", "FailedToCreateEndpoint", message);
      } else {
        const message = `Failed to update endpoint ${namespace}/${name}: ${text}`;
        events.event(current, "Warning", "FailedToUpdateEndpoint", message);
      }
      throw error;
    }
  }

  #podKeys({ object, old }: Change<Pod>): string[] {
    const pod = object ?? old;
    if (pod === undefined) return [];
    const same = object !== undefined && old !== undefined && deepEqual(object.metadata.labels, old.metadata.labels);
    if (same && !endpointChanged(old, object)) return [];
    const keys: string[] = [];
    for (const service of this.#services.list(pod.metadata.namespace)) {
      const { selector } = service.spec ?? {};
      if (!hasSelector(selector)) continue;
      const labels = selectorFromSet(selector);
      if ([object, old].some((one) => one !== undefined && labels.matches(one.metadata.labels ?? {})))
        keys.push(keyOf(service));
    }
    return keys;
  }
}

function hasSelector(selector: Record<string, string> | undefined): selector is Record<string, string> {
  return selector !== undefined && Object.keys(selector).length > 0;
}

function labelsFor({ metadata, spec }: Service): Record<string, string> {
  const { [headlessLabel]: _, ...labels } = metadata.labels ?? {};
  const headless = !spec?.clusterIP || spec.clusterIP === "None";
  return { ...labels, ...(headless ? { [headlessLabel]: "" } : {}), [managedByLabel]: managedBy };
}

/** Pods that are being deleted count only where unready ones are published too. */
function belongs(pod: Pod, service: Service): boolean {
  if (!hasEndpoint(pod)) return false;
  return pod.metadata.deletionTimestamp === undefined || service.spec?.publishNotReadyAddresses === true;
}

/** One subset for each set of ports; in it the pods that have them, by address. */
function subsetsOf(service: Service, members: readonly Pod[]): EndpointSubset[] {
  const { ports = [], clusterIP, ipFamilies, publishNotReadyAddresses } = service.spec ?? {};
  if (ports.length === 0 && clusterIP !== "None") return [];
  const family: AddressType = (ipFamilies?.[0] ?? (clusterIP?.includes(":") ? "IPv6" : "IPv4")) as AddressType;
  const subsets = new Map<string, { ports: EndpointPort[]; ready: EndpointAddress[]; notReady: EndpointAddress[] }>();
  for (const pod of members) {
    const [ip] = addressesOf(pod, family);
    const podPorts = portsOf(service, pod).map(toEndpointPort);
    if (ip === undefined || (ports.length > 0 && podPorts.length === 0)) continue;
    const key = JSON.stringify(podPorts);
    const subset = subsets.get(key) ?? { ports: podPorts, ready: [], notReady: [] };
    subsets.set(key, subset);
    const ready = publishNotReadyAddresses === true || isPodReady(pod);
    (ready ? subset.ready : subset.notReady).push(addressOf(pod, ip, service.metadata.name));
  }
  const byIp = (a: EndpointAddress, b: EndpointAddress) => (a.ip < b.ip ? -1 : 1);
  return [...subsets]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { ports, ready, notReady }]) => ({
      ...(ready.length === 0 ? {} : { addresses: ready.sort(byIp) }),
      ...(notReady.length === 0 ? {} : { notReadyAddresses: notReady.sort(byIp) }),
      ...(ports.length === 0 ? {} : { ports }),
    }));
}

function toEndpointPort({ name, port = 0, protocol = "TCP", appProtocol }: ReturnType<typeof portsOf>[number]) {
  return { ...(name ? { name } : {}), port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) };
}

function addressOf(pod: Pod, ip: string, serviceName: string): EndpointAddress {
  const { namespace, name, uid } = pod.metadata;
  const { hostname, subdomain, nodeName } = pod.spec;
  return {
    ip,
    ...(hostname && subdomain === serviceName ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    targetRef: { kind: "Pod", namespace, name, uid },
  };
}

/** At most so many addresses; ready ones first. */
function truncate(subsets: EndpointSubset[]): { subsets: EndpointSubset[]; truncated: boolean } {
  let left = maxAddresses;
  let truncated = false;
  const cut = (addresses: EndpointAddress[] = []) => {
    const kept = addresses.slice(0, left);
    truncated ||= kept.length < addresses.length;
    left -= kept.length;
    return kept;
  };
  const ready = subsets.map(({ addresses }) => cut(addresses));
  const notReady = subsets.map(({ notReadyAddresses }) => cut(notReadyAddresses));
  if (!truncated) return { subsets, truncated };
  const shortened = subsets.map(({ ports }, index) => ({
    ...(ready[index].length === 0 ? {} : { addresses: ready[index] }),
    ...(notReady[index].length === 0 ? {} : { notReadyAddresses: notReady[index] }),
    ...(ports === undefined ? {} : { ports }),
  }));
  return { subsets: shortened.filter((one) => one.addresses || one.notReadyAddresses), truncated };
}
