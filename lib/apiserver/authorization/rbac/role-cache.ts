/** Keeps a RoleIndex as the store is. */
import type { Clock } from "../../../apimachinery/clock.ts";
import { splitKey } from "../../../apimachinery/meta.ts";
import type { ClusterRoleBinding, Role, RoleBinding } from "../../../openapi/types/rbac-v1.ts";
import type { Store } from "../../../storage/interface.ts";
import { type Changed, CollectionCache } from "../collection-cache.ts";
import { RoleIndex } from "./role-index.ts";

const group = "rbac.authorization.k8s.io";

/** Roles and bindings of a cluster. */
export interface RoleCache {
  readonly index: RoleIndex;
  /** Resolves when the index has all that was written before the call. False: it had already. */
  caughtUp(): Promise<boolean>;
}

/** Fills an index and keeps it current until the signal aborts. Throws what the store throws. */
export async function startRoleCache(
  store: Store,
  cluster: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<RoleCache> {
  const index = new RoleIndex();
  const role: Changed = (key, object) => {
    const { namespace, name } = splitKey(key);
    index.setRole(namespace, name, object === undefined ? undefined : ((object as Role).rules ?? []));
  };
  const binding: Changed = (key, object) => {
    const { namespace, name } = splitKey(key);
    index.setBinding(namespace, name, object as RoleBinding | ClusterRoleBinding | undefined);
  };
  const cache = (resource: string, changed: Changed) =>
    new CollectionCache(store, { cluster, group, resource }, clock, changed);
  const caches = [
    cache("clusterroles", role),
    cache("roles", role),
    cache("clusterrolebindings", binding),
    cache("rolebindings", binding),
  ];
  await Promise.all(caches.map((one) => one.start(signal)));
  return {
    index,
    caughtUp: async () => (await Promise.all(caches.map((one) => one.caughtUp()))).includes(true),
  };
}
