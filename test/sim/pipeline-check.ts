/**
 * What a cluster has come to, in a form in which two clusters that did the same are equal: without names that chance
 * has made, uids, times, addresses and revisions; pods are counted. And what must hold in any cluster at rest.
 */
import { deepEqual } from "../../lib/apimachinery/equality.ts";
import type { KubeObject, Resource } from "../../lib/apimachinery/meta.ts";
import type { Client } from "../../lib/client/interface.ts";
import type { Pod } from "../../lib/openapi/types/core-v1.ts";
import {
  configmaps,
  deployments,
  endpointslices,
  endpoints as endpointsResource,
  jobs,
  leases,
  namespaces,
  nodes,
  pods,
  replicasets,
  serviceaccounts,
  services,
} from "../../lib/openapi/types/resources.ts";

/** Lines, sorted; each says one thing. */
export interface EndState {
  readonly lines: readonly string[];
  /** What must not be, whatever was done. */
  readonly problems: readonly string[];
}

// biome-ignore lint/suspicious/noExplicitAny: objects of every kind are looked into.
type Any = any;

/** Reads the state. */
export async function readEndState(client: Client): Promise<EndState> {
  const all = new Map<string, KubeObject[]>();
  const read = async (resource: Resource<Any>) => {
    all.set(`${resource.group}/${resource.resource}`, (await client.list(resource)).items as KubeObject[]);
  };
  const kinds = [
    namespaces,
    nodes,
    leases,
    serviceaccounts,
    configmaps,
    services,
    endpointslices,
    endpointsResource,
    deployments,
    replicasets,
    jobs,
    pods,
  ];
  await Promise.all(kinds.map(read));
  const of = (resource: Resource<Any>): Any[] => all.get(`${resource.group}/${resource.resource}`) ?? [];
  const lines = [
    ...of(namespaces).map(({ metadata, status }) => `namespace ${metadata.name} ${status?.phase}`),
    ...of(nodes).map(nodeLine),
    ...of(leases)
      .filter(({ metadata }) => metadata.namespace === "kube-node-lease")
      .map(({ metadata }) => `lease ${metadata.name}`),
    ...of(serviceaccounts).map(({ metadata }) => `serviceaccount ${placeOf(metadata)}`),
    ...of(configmaps)
      .filter(isOurs)
      .map(({ metadata, data }) => `configmap ${placeOf(metadata)} ${stable(data)}`),
    ...of(services).map(({ metadata, spec }) => `service ${placeOf(metadata)} ${stable(spec.selector)} ${spec.type}`),
    ...of(deployments).map(deploymentLine),
    ...of(replicasets)
      .filter((set) => !isEmpty(set))
      .map(replicaSetLine),
    ...of(jobs).map(jobLine),
    ...counted(of(pods).map((pod) => podLine(pod))),
    ...endpointLines(of(endpointslices)),
    ...of(endpointsResource)
      .filter(({ metadata }) => metadata.name !== "kubernetes")
      .map(({ metadata, subsets = [] }) => {
        const ready = (subsets as Any[]).reduce((sum, { addresses = [] }) => sum + addresses.length, 0);
        return `endpoints ${placeOf(metadata)} ready ${ready}`;
      }),
  ];
  return { lines: lines.sort(), problems: problemsOf([...all.values()].flat(), of(pods), of(nodes), of) };
}

/** What the one has and the other has not; empty where they are equal. */
export function differences(got: EndState, want: EndState): string[] {
  const problems = got.problems.map((problem) => `problem: ${problem}`);
  if (deepEqual(got.lines, want.lines)) return problems;
  const missing = want.lines.filter((line) => !got.lines.includes(line)).map((line) => `missing: ${line}`);
  const surplus = got.lines.filter((line) => !want.lines.includes(line)).map((line) => `surplus: ${line}`);
  return [...problems, ...missing, ...surplus];
}

const placeOf = ({ namespace, name }: { namespace?: string; name: string }) =>
  namespace === undefined ? name : `${namespace}/${name}`;
const stable = (value: unknown) =>
  JSON.stringify(value === undefined || value === null ? {} : Object.entries(value).sort());
/** The server writes some of its own, which differ by composition. */
const isOurs = ({ metadata }: KubeObject) => !["kube-system", "kube-public"].includes(metadata.namespace ?? "");
const conditionsOf = (conditions: Any[] = [], types: readonly string[]) =>
  conditions
    .filter(({ type }) => types.includes(type))
    .map(({ type, status, reason = "" }) => `${type}=${status}/${reason}`)
    .sort()
    .join(" ");
const numbers = (status: Any = {}, names: readonly string[]) =>
  names.map((name) => `${name} ${status[name] ?? 0}`).join(" ");
const isCurrent = ({ metadata, status }: Any) =>
  (status?.observedGeneration ?? 0) === metadata.generation ? "observed" : "not observed";

function nodeLine({ metadata, spec, status }: Any): string {
  const taints = ((spec?.taints ?? []) as Any[]).map(({ key, effect }) => `${key}:${effect}`).sort();
  return `node ${metadata.name} ${conditionsOf(status?.conditions, ["Ready"])} taints ${taints.join(" ")}`;
}

function deploymentLine(deployment: Any): string {
  const { metadata, spec, status } = deployment;
  const counts = numbers(status, ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"]);
  const conditions = conditionsOf(status?.conditions, ["Available", "Progressing"]);
  const { image } = spec.template.spec.containers[0];
  const said = `${counts} ${conditions} ${isCurrent(deployment)}`;
  return `deployment ${placeOf(metadata)} ${image} wants ${spec.replicas} ${said}`;
}

/** Whether there is one at all for a template that was soon replaced by the next is chance. */
const isEmpty = (set: Any) => set.spec.replicas === 0 && set.status?.replicas === 0 && isCurrent(set) === "observed";

function replicaSetLine(set: Any): string {
  const { metadata, spec, status } = set;
  const owner = metadata.ownerReferences?.[0];
  const counts = numbers(status, ["replicas", "readyReplicas", "availableReplicas"]);
  const { image } = spec.template.spec.containers[0];
  const place = `${owner?.kind} ${metadata.namespace}/${owner?.name}`;
  return `replicaset of ${place} ${image} wants ${spec.replicas} ${counts} ${isCurrent(set)}`;
}

/** How often a pod of it failed is chance: a node's silence may have ended it. */
function jobLine({ metadata, status }: Any): string {
  const conditions = conditionsOf(status?.conditions, ["Complete", "Failed", "Suspended"]);
  return `job ${placeOf(metadata)} ${numbers(status, ["succeeded", "active", "ready"])} ${conditions}`;
}

function podLine({ metadata, spec, status }: Any): string {
  const owner = metadata.ownerReferences?.[0];
  const isTerminating = metadata.deletionTimestamp === undefined ? "" : " terminating";
  const { image } = spec.containers[0];
  const name = owner?.kind === "ReplicaSet" ? "" : owner?.name;
  const finalizers = (metadata.finalizers ?? []).join(" ");
  const place = spec.nodeName === undefined ? "unbound" : "bound";
  const ready = conditionsOf(status?.conditions, ["Ready"]);
  const what = `pod of ${owner?.kind} ${metadata.namespace}/${name} ${image}`;
  return `${what} ${status?.phase} ${ready} ${place}${isTerminating} ${finalizers}`;
}

/** A Job's pods stay when they have ended, unless their node goes: how many are left is chance. */
function counted(lines: readonly string[]): string[] {
  const hasEnded = (line: string) => /^pod of Job .* (Failed|Succeeded) .*bound $/.test(line);
  const kept = lines.filter((line) => !hasEnded(line));
  return [...Map.groupBy(kept, (line) => line)].map(([line, some]) => `${some.length} x ${line}`);
}

function endpointLines(slices: readonly Any[]): string[] {
  const byService = Map.groupBy(slices, ({ metadata }) => {
    const service = metadata.labels?.["kubernetes.io/service-name"];
    return `${metadata.namespace}/${service}`;
  });
  return [...byService]
    .filter(([service]) => service !== "default/kubernetes")
    .map(([service, some]) => `endpoints of ${service}: ${readyAddresses(some).length} ready`);
}

function readyAddresses(slices: readonly Any[]): string[] {
  const endpoints = slices.flatMap((slice) => (slice.endpoints ?? []) as Any[]);
  return endpoints.filter(({ conditions }) => conditions?.ready).flatMap(({ addresses }) => addresses as string[]);
}

function problemsOf(
  objects: readonly KubeObject[],
  allPods: readonly Pod[],
  allNodes: readonly KubeObject[],
  of: (resource: Resource<Any>) => Any[],
): string[] {
  const problems: string[] = [];
  const uids = new Set(objects.map(({ metadata }) => metadata.uid));
  for (const { kind, metadata } of objects) {
    for (const { uid, kind: ownerKind, name } of metadata.ownerReferences ?? []) {
      if (!uids.has(uid)) problems.push(`${kind} ${placeOf(metadata)} has outlived its owner ${ownerKind} ${name}`);
    }
  }
  const names = new Set(allNodes.map(({ metadata }) => metadata.name));
  for (const { metadata, spec } of allPods) {
    if (spec.nodeName && !names.has(spec.nodeName)) {
      problems.push(`pod ${placeOf(metadata)} is on the node ${spec.nodeName}, which is gone`);
    }
  }
  const living = new Set(of(namespaces).map(({ metadata }) => metadata.name));
  for (const { kind, metadata } of objects) {
    if (metadata.namespace !== undefined && !living.has(metadata.namespace)) {
      problems.push(`${kind} ${placeOf(metadata)} has outlived its namespace`);
    }
  }
  for (const { metadata, spec } of of(services)) {
    if (spec.selector === undefined) continue;
    const isSlice = (slice: Any) =>
      slice.metadata.namespace === metadata.namespace &&
      slice.metadata.labels?.["kubernetes.io/service-name"] === metadata.name;
    const got = readyAddresses(of(endpointslices).filter(isSlice)).sort();
    const want = allPods
      .filter((pod) => pod.metadata.namespace === metadata.namespace && isSelected(pod, spec.selector) && isReady(pod))
      .map(({ status }) => status?.podIP ?? "")
      .sort();
    if (!deepEqual(got, want)) problems.push(`endpoints of ${placeOf(metadata)}: got ${got}, want ${want}`);
  }
  return problems;
}

function isSelected({ metadata }: Pod, selector: Readonly<Record<string, string>>): boolean {
  return Object.entries(selector).every(([key, value]) => metadata.labels?.[key] === value);
}

function isReady({ metadata, status }: Pod): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  return status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false;
}
