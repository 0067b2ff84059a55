/** Which node may read which object, because of the pods that are bound to it (upstream: authorizer/node/graph.go). */

import { podReferences, type VertexType, vertex } from "../../../nodes/pod-references.ts";
import type { PersistentVolume, Pod } from "../../../openapi/types/core-v1.ts";
import type { ResourceSlice } from "../../../openapi/types/resource-v1.ts";
import type { VolumeAttachment } from "../../../openapi/types/storage-v1.ts";

interface VolumeEdges {
  readonly claim: string;
  readonly secrets: readonly string[];
}

/** Secrets of a volume that its node mounts it with; others are for controllers alone. */
function volumeSecrets({ spec }: PersistentVolume): string[] {
  const home = spec?.claimRef?.namespace ?? "";
  const found: string[] = [];
  const add = (reference: { name?: string; namespace?: string } | undefined) => {
    if (reference?.name) found.push(vertex("secret", reference.namespace || home, reference.name));
  };
  if (spec?.azureFile?.secretName) {
    add({ name: spec.azureFile.secretName, namespace: spec.azureFile.secretNamespace });
  }
  add(spec?.cephfs?.secretRef);
  add(spec?.cinder?.secretRef);
  add(spec?.flexVolume?.secretRef);
  add(spec?.rbd?.secretRef);
  add(spec?.scaleIO?.secretRef);
  add(spec?.iscsi?.secretRef);
  add(spec?.storageos?.secretRef);
  add(spec?.csi?.nodePublishSecretRef);
  add(spec?.csi?.nodeStageSecretRef);
  add(spec?.csi?.nodeExpandSecretRef);
  return found;
}

/** Nodes and what they may read. */
export class NodeGraph {
  /** pod key → its node and the objects it needs. */
  readonly #pods = new Map<string, { readonly node: string; readonly needs: readonly string[] }>();
  /** object → node → how many of its pods need it. */
  readonly #readers = new Map<string, Map<string, number>>();
  readonly #volumes = new Map<string, VolumeEdges>();
  /** secret → volumes that are mounted with it. */
  readonly #volumesOf = new Map<string, Set<string>>();
  /** object of one node alone → the node. */
  readonly #nodeOf = new Map<string, string>();

  /** A pod as it is now; undefined: gone. */
  setPod(key: string, pod: Pod | undefined): void {
    const old = this.#pods.get(key);
    if (old) for (const need of old.needs) this.#count(need, old.node, -1);
    const node = pod?.spec?.nodeName;
    if (!pod || !node) {
      this.#pods.delete(key);
      return;
    }
    const needs = podReferences(pod);
    this.#pods.set(key, { node, needs });
    for (const need of needs) this.#count(need, node, 1);
  }

  /** A volume as it is now; undefined: gone. */
  setVolume(name: string, volume: PersistentVolume | undefined): void {
    for (const secret of this.#volumes.get(name)?.secrets ?? []) this.#volumesOf.get(secret)?.delete(name);
    const claim = volume?.spec?.claimRef;
    if (!volume || !claim) {
      this.#volumes.delete(name);
      return;
    }
    const secrets = volumeSecrets(volume);
    this.#volumes.set(name, {
      claim: vertex("persistentvolumeclaim", claim.namespace ?? "", claim.name ?? ""),
      secrets,
    });
    for (const secret of secrets) {
      const volumes = this.#volumesOf.get(secret) ?? new Set();
      this.#volumesOf.set(secret, volumes.add(name));
    }
  }

  /** A VolumeAttachment as it is now; undefined: gone. */
  setAttachment(name: string, attachment: VolumeAttachment | undefined): void {
    this.#setNode(vertex("volumeattachment", "", name), attachment?.spec.nodeName);
  }

  /** A ResourceSlice as it is now; undefined: gone. */
  setSlice(name: string, slice: ResourceSlice | undefined): void {
    this.#setNode(vertex("resourceslice", "", name), slice?.spec.nodeName);
  }

  /** Whether the node may read the object. */
  leadsTo(node: string, type: VertexType, namespace: string, name: string): boolean {
    const key = vertex(type, namespace, name);
    if (this.#readers.get(key)?.has(node) || this.#nodeOf.get(key) === node) return true;
    if (type === "persistentvolume") return this.#mounts(node, name);
    if (type !== "secret") return false;
    return [...(this.#volumesOf.get(key) ?? [])].some((volume) => this.#mounts(node, volume));
  }

  #mounts(node: string, volume: string): boolean {
    const edges = this.#volumes.get(volume);
    return edges !== undefined && this.#readers.get(edges.claim)?.has(node) === true;
  }

  #setNode(key: string, node: string | undefined): void {
    if (node) this.#nodeOf.set(key, node);
    else this.#nodeOf.delete(key);
  }

  #count(key: string, node: string, by: 1 | -1): void {
    const nodes = this.#readers.get(key) ?? new Map<string, number>();
    const count = (nodes.get(node) ?? 0) + by;
    if (count > 0) nodes.set(node, count);
    else nodes.delete(node);
    if (nodes.size > 0) this.#readers.set(key, nodes);
    else this.#readers.delete(key);
  }
}
