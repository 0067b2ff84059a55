/** How many pods a disruption budget counts on (upstream: controller/disruption/disruption.go, getExpectedPodCount and its finders). */
import { controllerOf, type KubeObject, type OwnerReference, type Resource } from "../../apimachinery/meta.ts";
import type { Informers } from "../../client/informer.ts";
import type { Pod } from "../../openapi/types/core-v1.ts";
import type { PodDisruptionBudget } from "../../openapi/types/policy-v1.ts";
import { deployments, replicasets, replicationcontrollers, statefulsets } from "../../openapi/types/resources.ts";

/** What a budget asks of its pods. */
export interface Expectation {
  /** How many there should be. */
  readonly expected: number;
  /** How many of them must be healthy. */
  readonly desired: number;
  /** The names of pods that no controller has: their number cannot be known. */
  readonly unmanaged: readonly string[];
}

/** Throws an Error that says whose scale cannot be known. */
export function expectationOf(
  { spec }: PodDisruptionBudget,
  pods: readonly Pod[],
  informers: Pick<Informers, "get">,
): Expectation {
  const { minAvailable, maxUnavailable } = spec;
  if (maxUnavailable !== undefined) {
    const { expected, unmanaged } = expectedScale(pods, informers);
    return { expected, desired: Math.max(0, expected - scaled(maxUnavailable, expected)), unmanaged };
  }
  if (typeof minAvailable === "string") {
    const { expected, unmanaged } = expectedScale(pods, informers);
    return { expected, desired: scaled(minAvailable, expected), unmanaged };
  }
  if (minAvailable !== undefined) return { expected: pods.length, desired: minAvailable, unmanaged: [] };
  return { expected: 0, desired: 0, unmanaged: [] };
}

/** A number, or a percentage of the total, rounded up. Validation lets nothing else through. */
function scaled(value: number | string, total: number): number {
  return typeof value === "number" ? value : Math.ceil((Number.parseInt(value, 10) * total) / 100);
}

/** The sum of the scales of everything that has pods among these. */
function expectedScale(pods: readonly Pod[], informers: Pick<Informers, "get">) {
  const scales = new Map<string, number>();
  const looked = new Set<string>();
  const unmanaged: string[] = [];
  for (const pod of pods) {
    const controller = controllerOf(pod);
    if (controller === undefined) unmanaged.push(pod.metadata.name);
    if (controller === undefined || looked.has(controller.uid)) continue;
    looked.add(controller.uid);
    const { uid, replicas } = scaleOf(controller, pod, informers);
    scales.set(uid, replicas);
  }
  return { expected: [...scales.values()].reduce((sum, one) => sum + one, 0), unmanaged };
}

interface Scaled extends KubeObject {
  readonly spec: { readonly replicas?: number };
}

const groupOf = ({ apiVersion }: OwnerReference) => (apiVersion.includes("/") ? apiVersion.split("/")[0] : "");

function scaleOf(
  reference: OwnerReference,
  pod: Pod,
  informers: Pick<Informers, "get">,
): { uid: string; replicas: number } {
  const { namespace = "" } = pod.metadata;
  const found = scalable.find(({ group, kind }) => group === groupOf(reference) && kind === reference.kind);
  if (found === undefined) {
    const group = groupOf(reference);
    const resource = `${reference.kind.toLowerCase()}s`;
    throw new Error(`${group === "" ? resource : `${resource}.${group}`} does not implement the scale subresource`);
  }
  const owner = ownerIn(informers, found.resource, namespace, reference);
  if (owner === undefined) throw new Error(`found no controllers for pod ${JSON.stringify(pod.metadata.name)}`);
  // A ReplicaSet of a Deployment wants what the rollout is at: the Deployment says how many there should be.
  const above = controllerOf(owner);
  const isRolledOut = found.resource === replicasets && above?.kind === "Deployment" && groupOf(above) === "apps";
  const deployment = isRolledOut ? ownerIn(informers, deployments, namespace, above) : undefined;
  const { metadata, spec } = (deployment ?? owner) as Scaled;
  if (isRolledOut && deployment === undefined)
    throw new Error(`found no controllers for pod ${JSON.stringify(pod.metadata.name)}`);
  return { uid: metadata.uid, replicas: spec.replicas ?? 1 };
}

/** Kinds whose number of pods is theirs to say. */
const scalable = [
  { group: "apps", kind: "ReplicaSet", resource: replicasets },
  { group: "apps", kind: "StatefulSet", resource: statefulsets },
  { group: "apps", kind: "Deployment", resource: deployments },
  { group: "", kind: "ReplicationController", resource: replicationcontrollers },
];

/** The resources that a budget's expectation is read from. */
export const scaleSources: readonly Resource[] = scalable.map(({ resource }) => resource as Resource);

/** The object that the reference means: one of the same name is another one. */
function ownerIn(
  informers: Pick<Informers, "get">,
  resource: Resource,
  namespace: string,
  { name, uid }: OwnerReference,
): KubeObject | undefined {
  const object = informers.get(resource).get(`${namespace}/${name}`);
  return object?.metadata.uid === uid ? object : undefined;
}
