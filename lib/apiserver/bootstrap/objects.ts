/** What a fresh cluster holds: the data of `objects/`, completed with what is known only when a server starts. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { timeText } from "../../apimachinery/clock.ts";
import type { AnyObject, GroupVersionResource, Resource } from "../../apimachinery/meta.ts";
import { addressText, parseCidr } from "../../apimachinery/validation/ip.ts";
import type { ClusterRole, PolicyRule } from "../../openapi/types/rbac-v1.ts";
import {
  apiservices,
  clusterrolebindings,
  clusterroles,
  configmaps,
  endpoints,
  endpointslices,
  flowschemas,
  ipaddresses,
  namespaces,
  priorityclasses,
  prioritylevelconfigurations,
  rolebindings,
  roles,
  servicecidrs,
  services,
} from "../../openapi/types/resources.ts";

/** Where clients inside the cluster find the server. */
export interface ServerPlace {
  /**
   * No loopback address: pods can't reach it there. Absent where the server has no address of its own (behind API
   * Gateway): the Service `kubernetes` has no endpoints then, as with upstream's --endpoint-reconciler-type=none.
   */
  readonly address?: string;
  readonly port: number;
}

/** What the objects depend on. */
export interface BootstrapParameters extends ServerPlace {
  /** The first is the primary one, from which Services get addresses. */
  readonly serviceCIDRs: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Objects of one resource. */
export interface BootstrapObjects {
  readonly resource: GroupVersionResource;
  readonly objects: readonly AnyObject[];
  /**
   * What becomes of one that is there already: kept; given the rules and subjects that it lacks (and keeps others);
   * or brought to what is wanted.
   */
  readonly existing: "keep" | "complete" | "replace";
}

const folder = join(import.meta.dirname, "objects");

function read({ resource }: Resource): AnyObject[] {
  return JSON.parse(readFileSync(join(folder, `${resource}.json`), "utf8"));
}

/** The agent is a node's kubelet and its kube-proxy in one. */
const nodeRoles = ["system:node", "system:node-proxier"];

/** What all nodes may do, besides what the Node authorizer looks at more closely. */
export function systemNodeRules(): PolicyRule[] {
  const roles = read(clusterroles).filter(({ metadata }) => nodeRoles.includes(metadata.name ?? ""));
  return roles.flatMap((role) => (role as unknown as ClusterRole).rules ?? []);
}

/** The first address that can be given to a Service: 10.96.0.1 of 10.96.0.0/16. */
export function firstServiceAddress(cidr: string): string {
  const network = parseCidr(cidr)?.network;
  if (!network) throw new Error(`${JSON.stringify(cidr)} is no address range: write it as 10.96.0.0/16`);
  const bytes = [...network.address.bytes];
  bytes[bytes.length - 1] += 1;
  return addressText({ ...network.address, bytes });
}

const condition = (type: string, status: string, reason: string, message: string, now: number) => ({
  conditions: [{ type, status, lastTransitionTime: timeText(now), reason, message }],
});

const descriptions: Record<string, string> = {
  "system-cluster-critical":
    "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
  "system-node-critical": "Used for system critical pods that must not be moved from their current node.",
};

function flowSchema(object: AnyObject, now: number): AnyObject {
  const spec = object.spec as { priorityLevelConfiguration: { name: string } };
  const name = JSON.stringify(spec.priorityLevelConfiguration.name);
  const text = `This FlowSchema references the PriorityLevelConfiguration object named ${name} and it exists`;
  return { ...object, status: condition("Dangling", "False", "Found", text, now) };
}

const apiService = (object: AnyObject, now: number): AnyObject => ({
  ...object,
  status: condition("Available", "True", "Local", "Local APIServices are always available", now),
});

const named = { name: "kubernetes", namespace: "default" };
const familyOf = (ip: string) => (ip.includes(":") ? "IPv6" : "IPv4");

/** What is written last: where it is, everything else is there too. Nobody may delete it. */
export const lastBootstrapObject = { resource: namespaces, namespace: "", name: "kube-system" };

/** The Service through which pods reach the server, and what stands behind it. */
function kubernetesService({ address, port, serviceCIDRs, now }: BootstrapParameters): BootstrapObjects[] {
  const clusterIP = firstServiceAddress(serviceCIDRs[0]);
  const service = {
    metadata: { ...named, labels: { component: "apiserver", provider: "kubernetes" } },
    spec: {
      clusterIP,
      clusterIPs: [clusterIP],
      internalTrafficPolicy: "Cluster",
      ipFamilies: [familyOf(clusterIP)],
      ipFamilyPolicy: "SingleStack",
      ports: [{ name: "https", port: 443, protocol: "TCP", targetPort: port }],
      sessionAffinity: "None",
      type: "ClusterIP",
    },
    status: { loadBalancer: {} },
  };
  const labels = {
    "ipaddress.kubernetes.io/ip-family": familyOf(clusterIP),
    "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
  };
  const ipAddress = {
    metadata: { name: clusterIP, labels },
    spec: { parentRef: { resource: "services", ...named } },
  };
  const cidr = {
    metadata: { name: "kubernetes" },
    spec: { cidrs: [...serviceCIDRs] },
    status: condition("Ready", "True", "", "Kubernetes default Service CIDR is ready", now),
  };
  return [
    { resource: services, objects: [service], existing: "replace" },
    ...(address === undefined ? [] : kubernetesEndpoints(address, port)),
    { resource: ipaddresses, objects: [ipAddress], existing: "keep" },
    { resource: servicecidrs, objects: [cidr], existing: "keep" },
  ];
}

function kubernetesEndpoints(address: string, port: number): BootstrapObjects[] {
  const ports = [{ name: "https", port, protocol: "TCP" }];
  const slice = {
    metadata: { ...named, generation: 1, labels: { "kubernetes.io/service-name": "kubernetes" } },
    addressType: familyOf(address),
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports,
  };
  const addresses = {
    metadata: { ...named, labels: { "endpointslice.kubernetes.io/skip-mirror": "true" } },
    subsets: [{ addresses: [{ ip: address }], ports }],
  };
  return [
    { resource: endpointslices, objects: [slice], existing: "replace" },
    { resource: endpoints, objects: [addresses], existing: "replace" },
  ];
}

/** Since when the server can tell which tokens of the old kind (Secrets) are still used. */
const tokenTracking = (now: number): AnyObject => ({
  metadata: { name: "kube-apiserver-legacy-service-account-token-tracking", namespace: "kube-system" },
  data: { since: timeText(now).slice(0, 10) },
});

/** Everything that a server makes sure of when it starts. */
export function bootstrapObjects(parameters: BootstrapParameters): BootstrapObjects[] {
  const { now } = parameters;
  const described = read(priorityclasses).map((object) => ({
    ...object,
    description: descriptions[object.metadata.name ?? ""],
  }));
  return [
    { resource: namespaces, objects: read(namespaces).map(active), existing: "keep" },
    { resource: clusterroles, objects: read(clusterroles), existing: "complete" },
    { resource: clusterrolebindings, objects: read(clusterrolebindings), existing: "complete" },
    { resource: roles, objects: read(roles), existing: "complete" },
    { resource: rolebindings, objects: read(rolebindings), existing: "complete" },
    { resource: priorityclasses, objects: described, existing: "keep" },
    { resource: flowschemas, objects: read(flowschemas).map((object) => flowSchema(object, now)), existing: "keep" },
    { resource: prioritylevelconfigurations, objects: read(prioritylevelconfigurations), existing: "keep" },
    { resource: apiservices, objects: read(apiservices).map((object) => apiService(object, now)), existing: "keep" },
    { resource: configmaps, objects: [tokenTracking(now)], existing: "keep" },
    ...kubernetesService(parameters),
  ];
}

function active(namespace: AnyObject): AnyObject {
  return { ...namespace, status: { phase: "Active" } };
}
