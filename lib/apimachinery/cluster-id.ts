/** How a cluster is named in tokens: what callers sign, so that a token for one cluster is worth nothing at another. */

/**
 * The id of the cluster that is served under a URL: the URL without `https://`. Unlike the cluster's name it is the
 * only one of its kind in the world, so that the operator of one deployment cannot use at another what callers sent.
 */
export function clusterIdOf(serverUrl: string): string {
  return serverUrl.replace(/^https?:\/\//, "").replace(/\/+$/, "");
}
