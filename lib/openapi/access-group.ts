/**
 * The API group of our own, in discovery's terms: AccessEntries, by which a cluster in AWS knows IAM's roles and users.
 * Served only where the composition asks for it, so that a cluster on one machine has upstream's groups and no other.
 */
import type { DiscoveryGroup } from "./discovery.ts";

/** access.coracle.dev */
export const accessGroup: DiscoveryGroup = {
  group: "access.coracle.dev",
  versions: [
    {
      version: "v1",
      resources: [
        {
          resource: "accessentries",
          kind: "AccessEntry",
          singular: "accessentry",
          scope: "Cluster",
          verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
        },
      ],
    },
  ],
};
