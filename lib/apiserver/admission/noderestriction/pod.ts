/** What a node may do to pods: show its own ones (mirror pods), tell their status, and evict them. */
import { deepEqual } from "../../../apimachinery/equality.ts";
import { newNotFound } from "../../../apimachinery/errors.ts";
import { podReferences } from "../../../nodes/pod-references.ts";
import type { Node, Pod, PodSpec, Volume } from "../../../openapi/types/core-v1.ts";
import { nodes, pods } from "../../../openapi/types/resources.ts";
import { denied } from "../denial.ts";
import type { Attributes } from "../plugin.ts";

const mirror = "kubernetes.io/config.mirror";

/** The stored pod. Throws 404. */
export async function storedPod({ context, namespace }: Attributes, name: string): Promise<Pod> {
  const found = await context.objects.get(pods, namespace, name);
  if (!found) throw newNotFound(pods, name);
  return found as unknown as Pod;
}

/** Volumes that need nothing of the API. */
const plainVolumes = new Set([
  ...["awsElasticBlockStore", "azureDisk", "cephfs", "cinder", "downwardAPI", "emptyDir", "fc", "flexVolume"],
  ...["flocker", "gcePersistentDisk", "gitRepo", "hostPath", "image", "iscsi", "nfs", "photonPersistentDisk"],
  ...["portworxVolume", "quobyte", "rbd", "scaleIO", "storageos", "vsphereVolume"],
]);

const volumeReferences: Readonly<Record<string, string>> = {
  configMap: "configmaps (via configmap volumes)",
  secret: "secrets (via secret volumes)",
  csi: "csidrivers (via CSI volumes)",
  glusterfs: "endpoints (via glusterFS volumes)",
  persistentVolumeClaim: "persistentvolumeclaims",
  ephemeral: "persistentvolumeclaims (via ephemeral volumes)",
  azureFile: "secrets (via azureFile volumes)",
};

const sourceReferences: Readonly<Record<string, string>> = {
  configMap: "configmaps (via projected volumes)",
  secret: "secrets (via projected volumes)",
  serviceAccountToken: "serviceaccounts (via projected volumes)",
  clusterTrustBundle: "clustertrustbundles",
  podCertificate: "podcertificates",
};

const setFields = (object: object) =>
  Object.entries(object).flatMap(([key, value]) => (key === "name" || value === undefined ? [] : [key]));

function volumeReference(volume: Volume): string | undefined {
  const kinds = setFields(volume);
  if (kinds.some((kind) => plainVolumes.has(kind))) return undefined;
  const named = kinds.find((kind) => kind in volumeReferences);
  if (named) return volumeReferences[named];
  const sources = volume.projected?.sources ?? [];
  for (const source of sources) {
    const kind = setFields(source).find((one) => one in sourceReferences);
    if (kind) return sourceReferences[kind];
  }
  return undefined;
}

/** What of the API a pod needs; undefined: nothing. */
function apiReference(pod: Pod, spec: PodSpec): string | undefined {
  if (spec.serviceAccountName) return "serviceaccounts";
  const { annotations, ...metadata } = pod.metadata;
  const references = podReferences({ ...pod, metadata });
  if (references.some((reference) => reference.startsWith("secret:"))) return "secrets";
  if (references.some((reference) => reference.startsWith("configmap:"))) return "configmaps";
  if (spec.resourceClaims?.length) return "resourceclaims";
  for (const volume of spec.volumes ?? []) {
    const reference = volumeReference(volume);
    if (reference) return reference;
  }
  return undefined;
}

function ownerProblem({ metadata }: Pod, node: string): string | undefined {
  const owners = metadata.ownerReferences ?? [];
  const name = JSON.stringify(node);
  if (owners.length > 1) return `node ${name} can only create pods with a single owner reference set to itself`;
  const [owner] = owners;
  if (owner?.apiVersion !== "v1" || owner.kind !== "Node" || owner.name !== node) {
    return `node ${name} can only create pods with an owner reference set to itself`;
  }
  if (!owner.controller) return `node ${name} can only create pods with a controller owner reference set to itself`;
  if (owner.blockOwnerDeletion) return `node ${name} must not set blockOwnerDeletion on an owner reference`;
  return undefined;
}

async function admitCreate(node: string, attributes: Attributes): Promise<void> {
  const pod = attributes.object as unknown as Pod;
  const name = JSON.stringify(node);
  if (pod.metadata.annotations?.[mirror] === undefined) {
    const text = `pod does not have "${mirror}" annotation, node ${name} can only create mirror pods`;
    throw denied(attributes, text);
  }
  if (pod.spec?.nodeName !== node) {
    throw denied(attributes, `node ${name} can only create pods with spec.nodeName set to itself`);
  }
  const problem = ownerProblem(pod, node);
  if (problem) throw denied(attributes, problem);
  const found = (await attributes.context.objects.get(nodes, "", node)) as Node | undefined;
  if (!found) throw newNotFound(nodes, node);
  const uid = pod.metadata.ownerReferences?.[0].uid;
  if (uid !== found.metadata.uid) {
    throw denied(attributes, `node ${node} UID mismatch: expected ${uid} got ${found.metadata.uid}`);
  }
  const reference = apiReference(pod, pod.spec);
  if (reference) throw denied(attributes, `node ${name} can not create pods that reference ${reference}`);
}

/** pods */
export async function admitPod(node: string, attributes: Attributes): Promise<void> {
  const { operation, name, oldObject } = attributes;
  if (operation === "CREATE") return admitCreate(node, attributes);
  if (operation !== "DELETE") {
    const text = `unexpected operation ${JSON.stringify(operation)}, node ${JSON.stringify(node)} can only create and delete mirror pods`;
    throw denied(attributes, text);
  }
  const pod = (oldObject as unknown as Pod | undefined) ?? (await storedPod(attributes, name));
  if (pod.spec?.nodeName === node) return;
  throw denied(attributes, `node ${JSON.stringify(node)} can only delete pods with spec.nodeName set to itself`);
}

/** pods/status */
export function admitPodStatus(node: string, attributes: Attributes): void {
  const name = JSON.stringify(node);
  if (attributes.operation !== "UPDATE") {
    throw denied(attributes, `unexpected operation ${JSON.stringify(attributes.operation)}`);
  }
  const [pod, old] = [attributes.object as unknown as Pod, attributes.oldObject as unknown as Pod];
  if (old.spec?.nodeName !== node) {
    const text = `node ${name} can only update pod status for pods with spec.nodeName set to itself`;
    throw denied(attributes, text);
  }
  if (!deepEqual(pod.metadata.labels ?? {}, old.metadata.labels ?? {})) {
    throw denied(attributes, `node ${name} cannot update labels through pod status`);
  }
  if (!deepEqual(pod.status?.resourceClaimStatuses ?? [], old.status?.resourceClaimStatuses ?? [])) {
    throw denied(attributes, `node ${name} cannot update resource claim statues`);
  }
  if (!deepEqual(pod.status?.extendedResourceClaimStatus, old.status?.extendedResourceClaimStatus)) {
    throw denied(attributes, `node ${name} cannot update extended resource claim status`);
  }
}

/** pods/eviction */
export async function admitPodEviction(node: string, attributes: Attributes): Promise<void> {
  if (attributes.operation !== "CREATE") throw denied(attributes, `unexpected operation ${attributes.operation}`);
  const pod = await storedPod(attributes, attributes.name);
  if (pod.spec?.nodeName === node) return;
  throw denied(attributes, `node ${node} can only evict pods with spec.nodeName set to itself`);
}
