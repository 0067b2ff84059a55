/** Full and short names of messages: `k8s.io.api.core.v1.Pod` is `core.v1.Pod`. */
import type { Messages } from "./input.ts";

const packages = [
  "k8s.io.api.",
  "k8s.io.apimachinery.pkg.apis.",
  "k8s.io.apimachinery.pkg.api.resource.",
  "k8s.io.apimachinery.pkg.util.intstr.",
  "k8s.io.apimachinery.pkg.runtime.",
  "k8s.io.apimachinery.pkg.",
  "k8s.io.apiextensions_apiserver.pkg.apis.",
  "k8s.io.kube_aggregator.pkg.apis.",
];
/** Short without their group. */
const bare = /^meta\.v1\.(Time|MicroTime)$/;

/** The short name of a message, or the scalar as it is. */
export function shortName(full: string): string {
  const prefix = packages.find((one) => full.startsWith(one));
  const short = prefix === undefined ? full : full.slice(prefix.length);
  return bare.exec(short)?.[1] ?? short;
}

/** The full name of a message, or undefined (Quantity, Time and the like have none of their own). */
export function messageName(messages: Messages, short: string): string | undefined {
  return packages.map((prefix) => prefix + short).find((name) => name in messages);
}
