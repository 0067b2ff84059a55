/** The objects that a pod's node must be able to read (upstream: pkg/api/v1/pod and authorizer/node/graph.go). */
import type { Container, EphemeralContainer, Pod, PodSpec, Volume } from "../openapi/types/core-v1.ts";

/** What a node may read because of what runs on it. */
export type VertexType =
  | "configmap"
  | "secret"
  | "pod"
  | "persistentvolumeclaim"
  | "persistentvolume"
  | "resourceclaim"
  | "volumeattachment"
  | "serviceaccount"
  | "resourceslice";

/** An object as a key: `secret:default/x`. */
export const vertex = (type: VertexType, namespace: string, name: string) => `${type}:${namespace}/${name}`;

const mirror = "kubernetes.io/config.mirror";

type Add = (type: VertexType, name: string | undefined) => void;

function addContainer({ env = [], envFrom = [] }: Container | EphemeralContainer, add: Add): void {
  for (const { valueFrom } of env) {
    add("secret", valueFrom?.secretKeyRef?.name);
    add("configmap", valueFrom?.configMapKeyRef?.name);
  }
  for (const { secretRef, configMapRef } of envFrom) {
    add("secret", secretRef?.name);
    add("configmap", configMapRef?.name);
  }
}

function addVolume(volume: Volume, podName: string, add: Add): void {
  add("secret", volume.secret?.secretName);
  add("configmap", volume.configMap?.name);
  for (const { secret, configMap } of volume.projected?.sources ?? []) {
    add("secret", secret?.name);
    add("configmap", configMap?.name);
  }
  add("secret", volume.azureFile?.secretName);
  add("secret", volume.cephfs?.secretRef?.name);
  add("secret", volume.cinder?.secretRef?.name);
  add("secret", volume.flexVolume?.secretRef?.name);
  add("secret", volume.rbd?.secretRef?.name);
  add("secret", volume.scaleIO?.secretRef?.name);
  add("secret", volume.iscsi?.secretRef?.name);
  add("secret", volume.storageos?.secretRef?.name);
  add("secret", volume.csi?.nodePublishSecretRef?.name);
  add("persistentvolumeclaim", volume.persistentVolumeClaim?.claimName);
  if (volume.ephemeral) add("persistentvolumeclaim", `${podName}-${volume.name}`);
}

function addClaims(spec: PodSpec, status: Pod["status"], add: Add): void {
  for (const { name, resourceClaimName, resourceClaimTemplateName } of spec.resourceClaims ?? []) {
    if (resourceClaimName) add("resourceclaim", resourceClaimName);
    if (!resourceClaimTemplateName) continue;
    const made = status?.resourceClaimStatuses?.find((candidate) => candidate.name === name);
    add("resourceclaim", made?.resourceClaimName);
  }
  add("resourceclaim", status?.extendedResourceClaimStatus?.resourceClaimName);
}

/** The keys of all objects that the pod needs on its node, itself first. */
export function podReferences({ metadata, spec, status }: Pod): string[] {
  const { name, namespace } = metadata;
  const found = new Set([vertex("pod", namespace, name)]);
  // What a node itself makes must never give it anything.
  if (!spec || metadata.annotations?.[mirror] !== undefined) return [...found];
  const add: Add = (type, referred) => {
    if (referred) found.add(vertex(type, namespace, referred));
  };
  add("serviceaccount", spec.serviceAccountName);
  for (const reference of spec.imagePullSecrets ?? []) add("secret", reference.name);
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])];
  for (const container of containers) addContainer(container, add);
  for (const volume of spec.volumes ?? []) addVolume(volume, name, add);
  addClaims(spec, status, add);
  return [...found];
}
