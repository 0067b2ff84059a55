/** Keeps claims and volumes that are in use from going (upstream: controller/volume/{pvc,pv}protection). */
import { type KubeObject, keyOf, type Resource } from "../apimachinery/meta.ts";
import type { PersistentVolume, PersistentVolumeClaim, Pod } from "../openapi/types/core-v1.ts";
import { persistentvolumeclaims, persistentvolumes, pods } from "../openapi/types/resources.ts";
import { type Change, type Controller, type ControllerContext, ownKey, source } from "./controller.ts";

const claimFinalizer = "kubernetes.io/pvc-protection";
const volumeFinalizer = "kubernetes.io/pv-protection";

/** The claims that a pod uses, by name. Ephemeral volumes have claims named after pod and volume. */
function claimsOf(pod: Pod): string[] {
  return (pod.spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim !== undefined) return [persistentVolumeClaim.claimName];
    return ephemeral === undefined ? [] : [`${pod.metadata.name}-${name}`];
  });
}

/** Only nodes use claims, and they see pods only once these are scheduled. */
function usesClaim(pod: Pod, claim: PersistentVolumeClaim): boolean {
  return Boolean(pod.spec.nodeName) && claimsOf(pod).includes(claim.metadata.name);
}

/** Gives the finalizer to what lives, and takes it from what is to go once it is not used. */
async function protect<T extends KubeObject>(
  { client }: ControllerContext,
  resource: Resource<T>,
  object: T,
  finalizer: string,
  isUsed: () => Promise<boolean>,
): Promise<undefined> {
  const { deletionTimestamp, finalizers = [] } = object.metadata;
  const held = finalizers.includes(finalizer);
  // What lives with the finalizer is well, and what is being deleted without it takes none any more.
  if (held === (deletionTimestamp === undefined)) return;
  if (held && (await isUsed())) return;
  const next = held ? finalizers.filter((one) => one !== finalizer) : [...finalizers, finalizer];
  await client.update(resource, { ...object, metadata: { ...object.metadata, finalizers: next } });
}

/** The controller of claims; its keys are theirs. */
export function createClaimProtectionController(context: ControllerContext): Controller {
  const claims = context.informers.get(persistentvolumeclaims);
  const podInformer = context.informers.get(pods);
  podInformer.addIndex("claim", (pod) => claimsOf(pod).map((name) => `${pod.metadata.namespace}/${name}`));
  return {
    name: "persistentvolumeclaim-protection-controller",
    sources: [
      source(persistentvolumeclaims, ownKey),
      source(pods, ({ object, old }: Change<Pod>) => {
        // A claim may go when a pod that used it is gone.
        if (object !== undefined || old === undefined) return [];
        return claimsOf(old).map((name) => `${old.metadata.namespace}/${name}`);
      }),
    ],
    async reconcile(key) {
      const claim = claims.get(key);
      if (claim === undefined) return undefined;
      return protect(context, persistentvolumeclaims, claim, claimFinalizer, async () => {
        if (podInformer.byIndex("claim", keyOf(claim)).some((pod) => usesClaim(pod, claim))) return true;
        // The informer may not know a new pod yet.
        const { items } = await context.client.list(pods, { namespace: claim.metadata.namespace });
        return items.some((pod) => usesClaim(pod, claim));
      });
    },
  };
}

/** The controller of volumes; its keys are theirs. */
export function createVolumeProtectionController(context: ControllerContext): Controller {
  const volumes = context.informers.get(persistentvolumes);
  return {
    name: "persistentvolume-protection-controller",
    sources: [source(persistentvolumes, ownKey)],
    async reconcile(key) {
      const volume: PersistentVolume | undefined = volumes.get(key);
      if (volume === undefined) return undefined;
      const isUsed = async () => volume.status?.phase === "Bound";
      return protect(context, persistentvolumes, volume, volumeFinalizer, isUsed);
    },
  };
}
