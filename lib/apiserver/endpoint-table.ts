/** All resources that a cluster serves, by group, version and name. */
import type { DiscoveryGroup } from "../openapi/discovery.ts";
import { builtinResources, type ResourceInfo, resourcesOf } from "../openapi/resources.ts";
import { internalResources } from "../registry/internal-resources.ts";
import type { Strategy } from "../registry/strategy.ts";
import type { Conversion } from "./conversion.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";

/** A strategy for resources that need nothing special. */
const plain: Strategy = {};

/** Finds endpoints; each is made when it is first asked for. */
export class EndpointTable {
  readonly #cluster: string;
  readonly #infos = new Map<string, ResourceInfo>();
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #groups = new Set<string>();
  readonly #strategies: Readonly<Record<string, Strategy>>;
  readonly #conversions: Readonly<Record<string, Conversion>>;

  /** `moreGroups`: served beside the built-in ones. */
  constructor(
    cluster: string,
    strategies: Readonly<Record<string, Strategy>>,
    conversions: Readonly<Record<string, Conversion>>,
    moreGroups: readonly DiscoveryGroup[] = [],
  ) {
    this.#cluster = cluster;
    this.#strategies = strategies;
    this.#conversions = conversions;
    for (const info of [...builtinResources(), ...resourcesOf(moreGroups)]) {
      this.#infos.set(`${info.group}/${info.version}/${info.resource}`, info);
      this.#groups.add(info.group);
    }
  }

  /** The resource, or undefined. */
  find(group: string, version: string, resource: string): Endpoint | undefined {
    const id = `${group}/${version}/${resource}`;
    const known = this.#endpoints.get(id);
    if (known) return known;
    const info = this.#infos.get(id);
    if (!info) return undefined;
    const name = group === "" ? resource : `${resource}.${group}`;
    const made = endpoint(this.#cluster, info, this.#strategies[name] ?? plain, this.#conversions[id]);
    this.#endpoints.set(id, made);
    return made;
  }

  /** A resource that is stored but not served, or undefined. */
  findInternal(group: string, version: string, resource: string): Endpoint | undefined {
    const same = (info: ResourceInfo) => info.group === group && info.version === version && info.resource === resource;
    const info = internalResources.find(same);
    return info && endpoint(this.#cluster, info, plain);
  }

  /** Whether any version of the group is served. */
  hasGroup(group: string): boolean {
    return this.#groups.has(group);
  }

  /** All resources. */
  get infos(): Iterable<ResourceInfo> {
    return this.#infos.values();
  }
}
