/** Which cluster a path is for: `/clusters/NAME/…`, or the cluster `default` on the bare path. */

/** A target of one cluster. */
export interface ClusterTarget {
  readonly cluster: string;
  /** Path and query within the cluster. */
  readonly target: string;
}

const prefixed = /^\/clusters\/([^/?]+)(\/[^?]*)?(\?.*)?$/s;

/** Splits a target: `/clusters/blue/api/v1?limit=5` is `/api/v1?limit=5` of `blue`. */
export function clusterTarget(target: string): ClusterTarget {
  const match = prefixed.exec(target);
  if (!match) return { cluster: "default", target };
  const [, cluster, path = "/", query = ""] = match;
  return { cluster, target: path + query };
}
