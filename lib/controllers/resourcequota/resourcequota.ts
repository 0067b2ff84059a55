/**
 * Counts what a namespace uses of its quotas. What is made is added by admission before it is stored; what goes, ends
 * or was never stored after all is found here (upstream: controller/resourcequota).
 */
import { deepEqual } from "../../apimachinery/equality.ts";
import { keyOf, type Resource } from "../../apimachinery/meta.ts";
import { parseQuantity } from "../../apimachinery/quantity.ts";
import type { Pod, ResourceQuota, Service } from "../../openapi/types/core-v1.ts";
import { persistentvolumeclaims, pods, resourcequotas, services } from "../../openapi/types/resources.ts";
import { type Change, type Controller, type ControllerContext, ownKey, type Result, source } from "../controller.ts";
import { isPodTerminal } from "../pod-status.ts";
import { countsResource, usedOf } from "./used.ts";

/** What slipped by is found after so long. */
const resyncMs = 300_000;

/** The controller; its keys are those of quotas. */
export function createResourceQuotaController(context: ControllerContext): Controller {
  return new ResourceQuotaController(context);
}

type Amounts = Readonly<Record<string, string>>;

class ResourceQuotaController implements Controller {
  readonly name = "resourcequota-controller";
  readonly sources = [
    source(resourcequotas, (change: Change<ResourceQuota>) => (isToBeCounted(change) ? ownKey(change) : [])),
    source(pods, (change: Change<Pod>) => (hasEnded(change) ? this.#keysIn(pods, change.object) : [])),
    source(services, (change: Change<Service>) => (usesLess(change) ? this.#keysIn(services, change.object) : [])),
  ];
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
    for (const resource of [resourcequotas, pods, services, persistentvolumeclaims]) {
      context.informers.get(resource as Resource);
    }
  }

  async graphKeys(resource: Resource, { object, old }: Change): Promise<string[]> {
    return object === undefined ? this.#keysIn(resource, old) : [];
  }

  async reconcile(key: string): Promise<Result | undefined> {
    const quota = this.#context.informers.get(resourcequotas).get(key);
    if (quota === undefined) return undefined;
    const hard = quota.spec?.hard ?? {};
    const counted = await usedOf(quota, this.#context);
    // What nobody knows how to count keeps what was said of it.
    const said = Object.entries(quota.status?.used ?? {}).filter(([name]) => name in hard);
    const used = { ...Object.fromEntries(said), ...counted };
    const { status } = quota;
    if (status?.hard === undefined || !deepEqual(status.hard, hard) || !sameAmounts(status.used, used)) {
      const next = { ...quota, status: { hard, used } };
      await this.#context.client.update(resourcequotas, next, { subresource: "status" });
    }
    return { pollAfterMs: resyncMs };
  }

  /** The quotas of the object's namespace that count its resource. */
  #keysIn(resource: Resource, object: { metadata: { namespace?: string } } | undefined): string[] {
    const namespace = object?.metadata.namespace;
    if (!namespace) return [];
    const quotas = this.#context.informers.get(resourcequotas).list(namespace);
    return quotas.filter(({ spec }) => countsResource(Object.keys(spec?.hard ?? {}), resource)).map(keyOf);
  }
}

/** Admission writes the status too: that is no reason to count. */
function isToBeCounted({ object, old }: Change<ResourceQuota>): boolean {
  if (object === undefined) return false;
  return old === undefined || !deepEqual(object.spec, old.spec) || !deepEqual(object.spec?.hard, object.status?.hard);
}

function hasEnded({ object, old }: Change<Pod>): boolean {
  return object !== undefined && old !== undefined && isPodTerminal(object) && !isPodTerminal(old);
}

function usesLess({ object, old }: Change<Service>): boolean {
  const of = (service: Service) => [service.spec?.type, service.spec?.ports?.length];
  return object !== undefined && old !== undefined && !deepEqual(of(object), of(old));
}

function sameAmounts(a: Amounts = {}, b: Amounts = {}): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => name in b && parseQuantity(a[name]).cmp(parseQuantity(b[name])) === 0);
}
