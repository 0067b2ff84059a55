/** A pod's resolv.conf (upstream: kubelet/network/dns). */
import type { Pod } from "../../lib/openapi/types/core-v1.ts";

/** The parts of a resolv.conf. */
export interface ResolvConf {
  servers: string[];
  searches: string[];
  options: string[];
}

/** The cluster's DNS. */
export interface ClusterDns {
  readonly servers: readonly string[];
  readonly domain: string;
}

const maxServers = 3;
const maxSearches = 32;

/** Reads a resolv.conf; unknown lines are skipped. */
export function parseResolvConf(text: string): ResolvConf {
  const conf: ResolvConf = { servers: [], searches: [], options: [] };
  for (const line of text.split("\n")) {
    const [word, ...values] = line.trim().split(/\s+/);
    if (word === "nameserver" && values[0]) conf.servers.push(values[0]);
    else if (word === "search") conf.searches = values;
    else if (word === "options") conf.options = values;
  }
  return conf;
}

/** What a pod's policy makes of the machine's and the cluster's DNS. */
export function podDns(pod: Pod, machine: ResolvConf, cluster: ClusterDns): ResolvConf {
  const { dnsPolicy = "ClusterFirst", hostNetwork, dnsConfig } = pod.spec;
  const { namespace } = pod.metadata;
  let conf: ResolvConf = {
    servers: [...machine.servers],
    searches: [...machine.searches],
    options: [...machine.options],
  };
  if (dnsPolicy === "None") conf = { servers: [], searches: [], options: [] };
  const wantsCluster = dnsPolicy === "ClusterFirstWithHostNet" || (dnsPolicy === "ClusterFirst" && !hostNetwork);
  if (wantsCluster && cluster.servers.length > 0) {
    const { domain } = cluster;
    const own = [`${namespace}.svc.${domain}`, `svc.${domain}`, domain];
    const searches = [...own, ...machine.searches.filter((one) => !own.includes(one))];
    conf = { servers: [...cluster.servers], searches, options: ["ndots:5"] };
  }
  conf.servers = unique([...conf.servers, ...(dnsConfig?.nameservers ?? [])]).slice(0, maxServers);
  conf.searches = unique([...conf.searches, ...(dnsConfig?.searches ?? [])]).slice(0, maxSearches);
  conf.options = mergeOptions(conf.options, dnsConfig?.options ?? []);
  return conf;
}

function mergeOptions(options: readonly string[], added: readonly { name?: string; value?: string }[]): string[] {
  const byName = new Map(options.map((option) => [option.split(":")[0], option]));
  for (const { name, value } of added) if (name) byName.set(name, value ? `${name}:${value}` : name);
  return [...byName.values()];
}

const unique = (list: string[]) => [...new Set(list)];
