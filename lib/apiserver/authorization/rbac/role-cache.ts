/** Keeps a RoleIndex as the store is. */
import type { Clock } from "../../../apimachinery/clock.ts";
import { splitKey } from "../../../apimachinery/meta.ts";
import type { ClusterRoleBinding, Role, RoleBinding } from "../../../openapi/types/rbac-v1.ts";
import type { Store } from "../../../storage/interface.ts";
import { CollectionCache } from "../collection-cache.ts";
import { RoleIndex } from "./role-index.ts";

const group = "rbac.authorization.k8s.io";

/** Fills an index and keeps it current until the signal aborts. Throws what the store throws. */
export async function startRoleCache(
  store: Store,
  cluster: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<RoleIndex> {
  const index = new RoleIndex();
  const role = (key: string, object: unknown) => {
    const { namespace, name } = splitKey(key);
    index.setRole(namespace, name, object === undefined ? undefined : ((object as Role).rules ?? []));
  };
  const binding = (key: string, object: unknown) => {
    const { namespace, name } = splitKey(key);
    index.setBinding(namespace, name, object as RoleBinding | ClusterRoleBinding | undefined);
  };
  const follow = (resource: string, changed: (key: string, object: unknown) => void) =>
    new CollectionCache(store, { cluster, group, resource }, clock, { changed }).start(signal);
  await Promise.all([
    follow("clusterroles", role),
    follow("roles", role),
    follow("clusterrolebindings", binding),
    follow("rolebindings", binding),
  ]);
  return index;
}
