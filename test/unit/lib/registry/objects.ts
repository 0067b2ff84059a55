/** A context for strategies under test: objects in memory, a still clock, numbers that are known. */
import { deepCopy } from "../../../../lib/apimachinery/equality.ts";
import { newAlreadyExists, newNotFound, StatusError } from "../../../../lib/apimachinery/errors.ts";
import type { AnyObject, GroupVersionResource } from "../../../../lib/apimachinery/meta.ts";
import type { FieldError } from "../../../../lib/apimachinery/validation/field.ts";
import { fieldErrorText } from "../../../../lib/apimachinery/validation/field.ts";
import { decode } from "../../../../lib/openapi/decode.ts";
import type { ClusterConfig, Objects, Strategy, StrategyContext } from "../../../../lib/registry/strategy.ts";

/** 2026-01-01T00:00:00Z */
export const now = Date.UTC(2026, 0, 1);

const keyOf = ({ group, resource }: GroupVersionResource, namespace: string, name: string) =>
  `${group}/${resource}/${namespace}/${name}`;

/** Objects by resource and name; each call lets others run first, as a store would. */
export class MemoryObjects implements Objects {
  readonly stored = new Map<string, AnyObject>();

  async get(resource: GroupVersionResource, namespace: string, name: string): Promise<AnyObject | undefined> {
    await Promise.resolve();
    return deepCopy(this.stored.get(keyOf(resource, namespace, name)));
  }

  async list({ group, resource }: GroupVersionResource): Promise<AnyObject[]> {
    await Promise.resolve();
    const prefix = `${group}/${resource}/`;
    return [...this.stored].filter(([key]) => key.startsWith(prefix)).map(([, object]) => deepCopy(object));
  }

  async create(resource: GroupVersionResource, object: AnyObject): Promise<AnyObject> {
    await Promise.resolve();
    const { namespace = "", name = "" } = object.metadata;
    const key = keyOf(resource, namespace, name);
    if (this.stored.has(key)) throw newAlreadyExists(resource, name);
    this.stored.set(key, deepCopy(object));
    return object;
  }

  async update(
    resource: GroupVersionResource,
    namespace: string,
    name: string,
    change: (object: AnyObject) => AnyObject | undefined,
  ): Promise<AnyObject> {
    const object = await this.get(resource, namespace, name);
    if (!object) throw newNotFound(resource, name);
    const changed = change(object) ?? object;
    this.stored.set(keyOf(resource, namespace, name), changed);
    return changed;
  }

  async delete(resource: GroupVersionResource, namespace: string, name: string): Promise<void> {
    await Promise.resolve();
    if (!this.stored.delete(keyOf(resource, namespace, name))) throw newNotFound(resource, name);
  }

  /** The names of a resource's objects, sorted. */
  names(resource: string): string[] {
    return [...this.stored.keys()]
      .filter((key) => key.split("/")[1] === resource)
      .map((key) => key.slice(key.lastIndexOf("/") + 1))
      .sort();
  }
}

/** A context; numbers are `random` for ever. */
export function context(
  more: Partial<Omit<StrategyContext, "config">> & { config?: Partial<ClusterConfig>; number?: number } = {},
): StrategyContext & { objects: MemoryObjects } {
  const { number = 0, config, ...rest } = more;
  return {
    clock: { now: () => now, sleep: async () => {} },
    random: { number: () => number, uuid: () => "00000000-0000-4000-8000-000000000000" },
    objects: new MemoryObjects(),
    user: { username: "u", groups: [] },
    version: "v1",
    dryRun: false,
    ...rest,
    config: { serviceCIDRs: ["10.96.0.0/16"], nodePortRange: [30_000, 32_767], ...config },
  } as StrategyContext & { objects: MemoryObjects };
}

/** An object as a strategy meets it: decoded and defaulted. */
export function decoded<T extends AnyObject>(definition: string, strategy: Strategy<never>, object: object): T {
  const result = decode(definition, structuredClone(object) as AnyObject).object as T;
  (strategy as unknown as Strategy).setDefaults?.(result, "v1");
  return result;
}

/** `field: text` of each error. */
export const texts = (errors: readonly FieldError[]) =>
  errors.map((error) => `${error.field}: ${fieldErrorText(error)}`);

/** The message of the StatusError that a promise rejects with. */
export async function messageOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof StatusError) return error.message;
    throw error;
  }
  return "no error";
}

/** What creating an object gives: its problems, sorted; none: it would be stored. */
export async function problems(
  definition: string,
  strategy: object,
  object: object,
  at: StrategyContext = context(),
): Promise<string[]> {
  const hooks = strategy as Strategy;
  const made = decoded<AnyObject>(definition, strategy as Strategy<never>, object);
  hooks.prepareForCreate?.(made, at);
  await hooks.beginCreate?.(made, at);
  return texts((await hooks.validate?.(made, at)) ?? []).sort();
}

/** An object as it would be stored, after it was created. */
export function created<T = AnyObject>(definition: string, strategy: object, object: object, at = context()): T {
  const made = decoded<AnyObject>(definition, strategy as Strategy<never>, object);
  (strategy as Strategy).prepareForCreate?.(made, at);
  return made as T;
}

/** The problems of changing `old` (as stored) by `change`; with the object that would be stored. */
export async function updated<T extends AnyObject>(
  definition: string,
  strategy: object,
  old: T,
  change: (object: T) => void,
  subresource = "",
  at: StrategyContext = context(),
): Promise<{ object: T; problems: string[] }> {
  const base = strategy as Strategy;
  const hooks = subresource === "" ? base : (base.updateSubresources?.[subresource] ?? {});
  const object = structuredClone(old);
  change(object);
  const made = decoded<AnyObject>(definition, strategy as Strategy<never>, object);
  hooks.prepareForUpdate?.(made, structuredClone(old), at);
  return { object: made as T, problems: texts((await hooks.validateUpdate?.(made, old, at)) ?? []).sort() };
}
