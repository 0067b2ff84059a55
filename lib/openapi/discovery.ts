/**
 * The discovery documents: what groups, versions and resources are served. All take the groups as a parameter, so that
 * groups of custom resources can join the built-in ones.
 */
import { createHash } from "node:crypto";
import { type DiscoveryResource, discoveryFacts, findResource, kindOf } from "./resources.ts";

/** A version of a group. */
export interface DiscoveryVersion {
  readonly version: string;
  readonly resources: readonly DiscoveryResource[];
}

/** A group; its first version is the preferred one. */
export interface DiscoveryGroup {
  readonly group: string;
  readonly versions: readonly DiscoveryVersion[];
}

/**
 * What is stored in a version that is not the served one, in the version as upstream has it: the hash tells
 * clients.
 */
const storageVersions: Readonly<Record<string, string>> = {
  "admissionregistration.k8s.io/v1/mutatingadmissionpolicies": "admissionregistration.k8s.io/v1beta1",
  "admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings": "admissionregistration.k8s.io/v1beta1",
  "apiextensions.k8s.io/v1/customresourcedefinitions": "apiextensions.k8s.io/v1beta1",
};

/** The built-in groups, in the order of aggregated discovery. */
export function builtinGroups(): readonly DiscoveryGroup[] {
  return discoveryFacts().groups;
}

const join = (group: string, version: string) => (group === "" ? version : `${group}/${version}`);

/** `storageVersionHash`: changes when objects are stored in another version. Upstream: discovery.StorageVersionHash. */
export function storageVersionHash(group: string, version: string, kind: string): string {
  return createHash("sha256").update(`${group}/${version}/${kind}`).digest().subarray(0, 8).toString("base64");
}

function hashOf(group: string, version: string, { resource, kind, verbs }: DiscoveryResource): string | undefined {
  if (!verbs.includes("watch")) return undefined;
  const stored = storageVersions[`${join(group, version)}/${resource}`];
  const storage = findResource(group, version, resource)?.storage ?? { group, version };
  const [storedGroup, storedVersion] = stored?.split("/") ?? [storage.group, storage.version];
  return storageVersionHash(storedGroup, storedVersion, kind);
}

/** /api */
export function apiVersions(serverAddress?: string): object {
  const addresses = serverAddress === undefined ? [] : [{ clientCIDR: "0.0.0.0/0", serverAddress }];
  return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: addresses };
}

function groupFields({ group, versions }: DiscoveryGroup) {
  const all = versions.map(({ version }) => ({ groupVersion: join(group, version), version }));
  return { name: group, versions: all, preferredVersion: all[0] };
}

/** /apis/GROUP */
export function apiGroup(group: DiscoveryGroup): object {
  return { kind: "APIGroup", apiVersion: "v1", ...groupFields(group) };
}

/** /apis. The built-in groups have an order of their own there; others follow. */
export function apiGroupList(groups: readonly DiscoveryGroup[]): object {
  const order = discoveryFacts().legacyGroupOrder.map(([group]) => group);
  const rank = ({ group }: DiscoveryGroup) => (order.includes(group) ? order.indexOf(group) : order.length);
  const named = groups.filter(({ group }) => group !== "").sort((a, b) => rank(a) - rank(b));
  return { kind: "APIGroupList", apiVersion: "v1", groups: named.map(groupFields) };
}

/** /api/v1 and /apis/GROUP/VERSION */
export function apiResourceList(group: string, { version, resources }: DiscoveryVersion): object {
  const own = { group, version };
  const entries = resources.flatMap((facts) => {
    const namespaced = facts.scope === "Namespaced";
    const main = {
      name: facts.resource,
      singularName: facts.singular,
      namespaced,
      ...foreignKind(facts.kind, own),
      verbs: facts.verbs,
      ...(facts.short && { shortNames: facts.short }),
      ...(facts.categories && { categories: facts.categories }),
      storageVersionHash: hashOf(group, version, facts),
    };
    const subresources = Object.entries(facts.sub ?? {}).map(([name, { kind, verbs }]) => ({
      name: `${facts.resource}/${name}`,
      singularName: "",
      namespaced,
      ...foreignKind(kind, own),
      verbs,
    }));
    return [main, ...subresources];
  });
  const apiVersion = group === "" ? {} : { apiVersion: "v1" };
  return { kind: "APIResourceList", ...apiVersion, groupVersion: join(group, version), resources: entries };
}

/** A kind, with its group and version where they are not the resource's own. */
function foreignKind(text: string, own: { group: string; version: string }) {
  const { group, version, kind } = kindOf(text, own);
  return group === own.group && version === own.version ? { kind } : { group, version, kind };
}

/** Aggregated discovery (apidiscovery.k8s.io/v2): /api with the core group, /apis with the named ones. */
export function aggregatedDiscovery(groups: readonly DiscoveryGroup[]): object {
  const items = groups.map(({ group, versions }) => ({
    metadata: group === "" ? {} : { name: group },
    versions: versions.map(({ version, resources }) => ({
      version,
      resources: resources.map((facts) => aggregatedResource(facts, { group, version })),
      freshness: "Current",
    })),
  }));
  return { kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", metadata: {}, items };
}

function aggregatedResource(facts: DiscoveryResource, own: { group: string; version: string }): object {
  const responseKind = (kind: string) => ({ group: "", version: "", ...foreignKind(kind, own) });
  const subresources = Object.entries(facts.sub ?? {}).map(([subresource, { kind, verbs }]) => ({
    subresource,
    responseKind: responseKind(kind),
    verbs,
  }));
  return {
    resource: facts.resource,
    responseKind: responseKind(facts.kind),
    scope: facts.scope,
    singularResource: facts.singular,
    verbs: facts.verbs,
    ...(facts.short && { shortNames: facts.short }),
    ...(facts.categories && { categories: facts.categories }),
    ...(subresources.length > 0 && { subresources }),
  };
}

/** The paths of `/`: those of the groups, and `others` (health checks, documents). */
export function rootPaths(groups: readonly DiscoveryGroup[], others: readonly string[]): object {
  const paths = new Set(["/api", "/api/v1", "/apis", "/apis/", ...others]);
  for (const { group, versions } of groups) {
    if (group === "") continue;
    paths.add(`/apis/${group}`);
    for (const { version } of versions) paths.add(`/apis/${group}/${version}`);
  }
  return { paths: [...paths].sort() };
}
