/** DefaultStorageClass: a claim that names no class gets the default one. */
import type { PersistentVolumeClaim } from "../../openapi/types/core-v1.ts";
import { storageclasses } from "../../openapi/types/resources.ts";
import type { StorageClass } from "../../openapi/types/storage-v1.ts";
import { defaultOf } from "./default-class.ts";
import { isResource } from "./denial.ts";
import type { AdmissionPlugin } from "./plugin.ts";

const classAnnotation = "volume.beta.kubernetes.io/storage-class";
const marks = ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];

/** Sets spec.storageClassName of new claims; `""` is a choice and stays. */
export const defaultStorageClass: AdmissionPlugin = {
  name: "DefaultStorageClass",
  handles: (attributes) => isResource(attributes, "persistentvolumeclaims") && attributes.operation === "CREATE",
  async admit({ object, context }) {
    const { metadata, spec } = object as unknown as PersistentVolumeClaim;
    if (!spec || spec.storageClassName !== undefined || metadata.annotations?.[classAnnotation] !== undefined) return;
    const classes = (await context.objects.list(storageclasses)) as unknown as StorageClass[];
    const found = defaultOf(classes, marks);
    if (found) spec.storageClassName = found.metadata.name;
  },
};
