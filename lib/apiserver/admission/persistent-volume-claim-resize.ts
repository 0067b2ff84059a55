/** PersistentVolumeClaimResize: a claim grows only when it is bound and its class lets it. */
import { parseQuantity } from "../../apimachinery/quantity.ts";
import type { PersistentVolumeClaim } from "../../openapi/types/core-v1.ts";
import { storageclasses } from "../../openapi/types/resources.ts";
import type { StorageClass } from "../../openapi/types/storage-v1.ts";
import { denied, isResource } from "./denial.ts";
import type { AdmissionPlugin, Attributes } from "./plugin.ts";

const size = ({ spec }: PersistentVolumeClaim) => parseQuantity(spec?.resources?.requests?.storage ?? "0");

const classOf = ({ metadata, spec }: PersistentVolumeClaim) =>
  metadata.annotations?.["volume.beta.kubernetes.io/storage-class"] ?? spec?.storageClassName ?? "";

async function mayGrow(claim: PersistentVolumeClaim, old: PersistentVolumeClaim, { context }: Attributes) {
  const name = classOf(claim);
  if (name === "" || name !== classOf(old)) return false;
  const found = (await context.objects.get(storageclasses, "", name)) as StorageClass | undefined;
  return found?.allowVolumeExpansion === true;
}

/** Looks at updates that ask for more. */
export const persistentVolumeClaimResize: AdmissionPlugin = {
  name: "PersistentVolumeClaimResize",
  handles: (attributes) => isResource(attributes, "persistentvolumeclaims") && attributes.operation === "UPDATE",
  async validate(attributes) {
    const claim = attributes.object as unknown as PersistentVolumeClaim;
    const old = attributes.oldObject as unknown as PersistentVolumeClaim;
    if (size(claim).cmp(size(old)) <= 0) return;
    if (old.status?.phase !== "Bound") {
      throw denied(attributes, "Only bound persistent volume claims can be expanded");
    }
    if (await mayGrow(claim, old, attributes)) return;
    const text =
      "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize";
    throw denied(attributes, text);
  },
};
