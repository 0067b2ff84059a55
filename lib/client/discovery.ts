/** What a server serves (upstream: client-go/discovery, with the aggregated form that servers have since 1.30). */
import type { Resource } from "../apimachinery/meta.ts";
import type { Client } from "./interface.ts";

/** A resource that is served, at the version that the server prefers. */
export interface ServedResource extends Resource {
  readonly verbs: readonly string[];
}

interface GroupDiscoveryList {
  items: {
    metadata: { name?: string };
    versions?: { version: string; freshness?: string; resources?: ResourceDiscovery[] }[];
  }[];
}

interface ResourceDiscovery {
  resource: string;
  responseKind?: { kind: string };
  scope: "Namespaced" | "Cluster";
  verbs?: string[];
}

const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

/** All resources, each once; subresources are left out. Throws StatusError. */
export async function discoverResources(client: Client): Promise<ServedResource[]> {
  const lists = await Promise.all([
    client.request<GroupDiscoveryList>("GET", "/api", undefined, { accept }),
    client.request<GroupDiscoveryList>("GET", "/apis", undefined, { accept }),
  ]);
  const found = new Map<string, ServedResource>();
  for (const { metadata, versions = [] } of lists.flatMap((list) => list.items)) {
    const group = metadata.name ?? "";
    for (const { version, resources = [] } of versions) {
      for (const { resource, responseKind, scope, verbs = [] } of resources) {
        const key = `${group}/${resource}`;
        // Versions come in the order of preference: the first that has it is the one.
        if (found.has(key) || responseKind === undefined) continue;
        const namespaced = scope === "Namespaced";
        found.set(key, { group, version, resource, kind: responseKind.kind, namespaced, verbs });
      }
    }
  }
  return [...found.values()];
}
