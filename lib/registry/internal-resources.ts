/** Resources that are stored, but served to nobody: what strategies keep for themselves. */
import type { ResourceInfo } from "../openapi/resources.ts";

/** Taken node ports, an object of its number each; its spec.parentRef names the Service, as an IPAddress's does. */
export const nodePortAllocations: ResourceInfo = {
  group: "",
  version: "v1",
  resource: "nodeportallocations",
  kind: "NodePortAllocation",
  listKind: "NodePortAllocationList",
  singular: "nodeportallocation",
  namespaced: false,
  verbs: [],
  shortNames: [],
  categories: [],
  definition: "networking.v1.IPAddress",
  subresources: {},
  storage: { group: "", version: "v1", resource: "nodeportallocations" },
  fieldLabels: [],
};

/** All of them. */
export const internalResources: readonly ResourceInfo[] = [nodePortAllocations];
