/** A pod's /etc/hosts (upstream: kubelet.ensureHostsFile). */
import type { Pod } from "../../lib/openapi/types/core-v1.ts";

const head = [
  "127.0.0.1\tlocalhost",
  "::1\tlocalhost ip6-localhost ip6-loopback",
  "fe00::0\tip6-localnet",
  "fe00::0\tip6-mcastprefix",
  "fe00::1\tip6-allnodes",
  "fe00::2\tip6-allrouters",
];

/** The file's text. A pod in the machine's network gets the machine's file and its own aliases. */
export function hostsFile(pod: Pod, hostname: string, domain: string, ips: readonly string[], machine: string): string {
  const aliases = (pod.spec.hostAliases ?? []).map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join("\t")}`);
  const tail = aliases.length === 0 ? [] : ["", "# Entries added by HostAliases.", ...aliases];
  if (pod.spec.hostNetwork) {
    const lines = ["# Kubernetes-managed hosts file (host network).", machine.trimEnd(), ...tail];
    return `${lines.join("\n")}\n`;
  }
  const names = domain === "" ? hostname : `${hostname}.${domain}\t${hostname}`;
  const own = ips.map((ip) => `${ip}\t${names}`);
  return `${["# Kubernetes-managed hosts file.", ...head, ...own, ...tail].join("\n")}\n`;
}

/** The name a pod has inside, and the domain it is found in where it has one. */
export function podHostname(pod: Pod, clusterDomain: string): { hostname: string; domain: string } {
  const { hostname, hostnameOverride, subdomain } = pod.spec;
  const { name, namespace } = pod.metadata;
  if (hostnameOverride) return { hostname: hostnameOverride, domain: "" };
  // A label may have 63 bytes and must not end in a dash or a dot.
  const own = hostname || name.slice(0, 63).replace(/[-.]+$/, "");
  return { hostname: own, domain: subdomain ? `${subdomain}.${namespace}.svc.${clusterDomain}` : "" };
}
