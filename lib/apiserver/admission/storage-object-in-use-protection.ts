/** StorageObjectInUseProtection: volumes, claims and their classes stay while somebody uses them. */
import { isResource } from "./denial.ts";
import type { AdmissionPlugin, Attributes } from "./plugin.ts";

const finalizers: Readonly<Record<string, string>> = {
  persistentvolumes: "kubernetes.io/pv-protection",
  persistentvolumeclaims: "kubernetes.io/pvc-protection",
  "volumeattributesclasses.storage.k8s.io": "kubernetes.io/vac-protection",
};

const finalizerOf = (attributes: Attributes) =>
  Object.entries(finalizers).find(([resource]) => isResource(attributes, resource))?.[1];

/** Adds a finalizer, which the protection controllers take away. */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: "StorageObjectInUseProtection",
  handles: (attributes) => attributes.operation === "CREATE" && finalizerOf(attributes) !== undefined,
  admit(attributes) {
    const finalizer = finalizerOf(attributes);
    const metadata = attributes.object?.metadata;
    if (!finalizer || !metadata || metadata.finalizers?.includes(finalizer)) return;
    metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
  },
};
