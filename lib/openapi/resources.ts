/** The resources of v1.36: what discovery says of each, and where its objects are stored. */
import { type GroupVersionKind, parseApiVersion } from "../apimachinery/meta.ts";
import { definitionOf, factsText } from "./schema.ts";

/** A subresource as discovery has it. */
export interface SubresourceInfo {
  readonly kind: GroupVersionKind;
  readonly verbs: readonly string[];
}

/** A resource of one version. */
export interface ResourceInfo {
  readonly group: string;
  readonly version: string;
  /** Plural, lower case. */
  readonly resource: string;
  readonly kind: string;
  readonly listKind: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** The schema facts of its objects: `core.v1.Pod`. */
  readonly definition: string;
  readonly subresources: Readonly<Record<string, SubresourceInfo>>;
  /** What upstream stores once has one storage: Events of both groups, autoscalers of both versions. */
  readonly storage: { readonly group: string; readonly version: string; readonly resource: string };
  /** Field labels that selectors may name. */
  readonly fieldLabels: readonly string[];
}

/** A resource in api-discovery.json. */
export interface DiscoveryResource {
  readonly resource: string;
  readonly kind: string;
  readonly singular: string;
  readonly scope: "Namespaced" | "Cluster";
  readonly verbs: readonly string[];
  readonly short?: readonly string[];
  readonly categories?: readonly string[];
  readonly sub?: Readonly<Record<string, { kind: string; verbs: readonly string[] }>>;
}

/** api-discovery.json: aggregated discovery in the server's order. */
export interface DiscoveryFacts {
  readonly groups: readonly {
    readonly group: string;
    readonly versions: readonly { readonly version: string; readonly resources: readonly DiscoveryResource[] }[];
  }[];
  /** The paths of `/`. */
  readonly paths: readonly string[];
  /** Group, preferred version, versions: the order of `/apis`. */
  readonly legacyGroupOrder: readonly (readonly [string, string, readonly string[]])[];
}

/** Stored elsewhere than under their own group and version. */
const storages: Record<string, ResourceInfo["storage"]> = {
  "events.k8s.io/v1/events": { group: "", version: "v1", resource: "events" },
  "autoscaling/v1/horizontalpodautoscalers": {
    group: "autoscaling",
    version: "v2",
    resource: "horizontalpodautoscalers",
  },
};

let discovery: DiscoveryFacts | undefined;
let all: readonly ResourceInfo[] | undefined;
const byName = new Map<string, ResourceInfo>();

/** api-discovery.json, read once. */
export function discoveryFacts(): DiscoveryFacts {
  discovery ??= JSON.parse(factsText("api-discovery.json")) as DiscoveryFacts;
  return discovery;
}

/** A kind as discovery writes it: without a group it is of the resource's own group and version. */
export function kindOf(text: string, own: { group: string; version: string }): GroupVersionKind {
  const slash = text.lastIndexOf("/");
  if (slash < 0) return { ...own, kind: text };
  const gv = parseApiVersion(text.slice(0, slash)) ?? own;
  return { ...gv, kind: text.slice(slash + 1) };
}

function resourceInfo(
  group: string,
  version: string,
  facts: DiscoveryResource,
  fieldLabels: readonly string[],
): ResourceInfo {
  const { resource } = facts;
  const id = `${group === "" ? "" : `${group}/`}${version}/${resource}`;
  const subresources = Object.entries(facts.sub ?? {}).map(([name, { kind, verbs }]) => [
    name,
    { kind: kindOf(kind, { group, version }), verbs },
  ]);
  const main = kindOf(facts.kind, { group, version });
  return {
    group,
    version,
    resource,
    kind: main.kind,
    listKind: `${main.kind}List`,
    singular: facts.singular,
    namespaced: facts.scope === "Namespaced",
    verbs: facts.verbs,
    shortNames: facts.short ?? [],
    categories: facts.categories ?? [],
    definition: definitionOf(main) ?? "",
    subresources: Object.fromEntries(subresources),
    storage: storages[id] ?? { group, version, resource },
    fieldLabels,
  };
}

/** The resources of groups, in their order. */
export function resourcesOf(groups: DiscoveryFacts["groups"]): readonly ResourceInfo[] {
  if (groups.length === 0) return [];
  const selectors: Record<string, string[]> = JSON.parse(factsText("selectors.json"));
  return groups.flatMap(({ group, versions }) =>
    versions.flatMap(({ version, resources }) =>
      resources.map((facts) => {
        const labels = selectors[`${group === "" ? "" : `${group}/`}${version}/${facts.resource}`];
        return resourceInfo(group, version, facts, labels ?? ["metadata.name", "metadata.namespace"]);
      }),
    ),
  );
}

/** All built-in resources, in discovery's order. */
export function builtinResources(): readonly ResourceInfo[] {
  if (all) return all;
  all = resourcesOf(discoveryFacts().groups);
  for (const info of all) byName.set(`${info.group}/${info.version}/${info.resource}`, info);
  return all;
}

/** A built-in resource, or undefined. */
export function findResource(group: string, version: string, resource: string): ResourceInfo | undefined {
  builtinResources();
  return byName.get(`${group}/${version}/${resource}`);
}
