/** Keeps a RoleIndex as the store is, from the first question on. */
import { splitKey } from "../../../apimachinery/meta.ts";
import type { ClusterRoleBinding, Role, RoleBinding } from "../../../openapi/types/rbac-v1.ts";
import { type CacheFeed, CacheGroup, type Changed } from "../collection-cache.ts";
import { RoleIndex } from "./role-index.ts";

const group = "rbac.authorization.k8s.io";

/** Roles and bindings of a cluster, kept current. */
export function roleCache(cluster: string, feed: CacheFeed): CacheGroup<RoleIndex> {
  const index = new RoleIndex();
  const role: Changed = (key, object) => {
    const { namespace, name } = splitKey(key);
    index.setRole(namespace, name, object === undefined ? undefined : ((object as Role).rules ?? []));
  };
  const binding: Changed = (key, object) => {
    const { namespace, name } = splitKey(key);
    index.setBinding(namespace, name, object as RoleBinding | ClusterRoleBinding | undefined);
  };
  return new CacheGroup(index, feed, [
    [{ cluster, group, resource: "clusterroles" }, role],
    [{ cluster, group, resource: "roles" }, role],
    [{ cluster, group, resource: "clusterrolebindings" }, binding],
    [{ cluster, group, resource: "rolebindings" }, binding],
  ]);
}
