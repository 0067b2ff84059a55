/** Keeps claims, volumes and classes of their attributes from going while in use (upstream: controller/volume/*protection). */
import { type KubeObject, keyOf, type Resource } from "../apimachinery/meta.ts";
import type { PersistentVolume, PersistentVolumeClaim, Pod } from "../openapi/types/core-v1.ts";
import {
  persistentvolumeclaims,
  persistentvolumes,
  pods,
  volumeattributesclasses,
} from "../openapi/types/resources.ts";
import { type Change, type Controller, type ControllerContext, ownKey, source } from "./controller.ts";

const claimFinalizer = "kubernetes.io/pvc-protection";
const volumeFinalizer = "kubernetes.io/pv-protection";
const classFinalizer = "kubernetes.io/vac-protection";

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

/** The attributes' classes that a claim asks for, has, or is being given. */
function classesOfClaim({ spec, status }: PersistentVolumeClaim): string[] {
  const { currentVolumeAttributesClassName, modifyVolumeStatus } = status ?? {};
  const names = [spec?.volumeAttributesClassName, currentVolumeAttributesClassName];
  return [...names, modifyVolumeStatus?.targetVolumeAttributesClassName].filter((name) => name !== undefined);
}

/** The attributes' class of a volume. */
function classesOfVolume({ spec }: PersistentVolume): string[] {
  return spec?.volumeAttributesClassName === undefined ? [] : [spec.volumeAttributesClassName];
}

/** The classes that a change may have set free. */
const classesLeft =
  <T extends KubeObject>(classesOf: (object: T) => readonly string[]) =>
  ({ object, old }: Change<T>): string[] => {
    const kept = object === undefined ? [] : classesOf(object);
    return old === undefined ? [] : classesOf(old).filter((name) => !kept.includes(name));
  };

/** The controller of volumes' attributes' classes; its keys are theirs. */
export function createClassProtectionController(context: ControllerContext): Controller {
  const { client, informers } = context;
  const classes = informers.get(volumeattributesclasses);
  const claims = informers.get(persistentvolumeclaims);
  const volumes = informers.get(persistentvolumes);
  claims.addIndex("class", classesOfClaim);
  volumes.addIndex("class", classesOfVolume);
  return {
    name: "volumeattributesclass-protection-controller",
    sources: [
      source(volumeattributesclasses, ownKey),
      source(persistentvolumeclaims, classesLeft(classesOfClaim)),
      source(persistentvolumes, classesLeft(classesOfVolume)),
    ],
    async reconcile(key) {
      const one = classes.get(key);
      if (one === undefined) return undefined;
      return protect(context, volumeattributesclasses, one, classFinalizer, async () => {
        if (claims.byIndex("class", key).length > 0 || volumes.byIndex("class", key).length > 0) return true;
        // The informers may not know what uses it since a moment ago.
        const [{ items: ofClaims }, { items: ofVolumes }] = await Promise.all([
          client.list(persistentvolumeclaims),
          client.list(persistentvolumes),
        ]);
        const uses = (names: readonly string[]) => names.includes(key);
        return ofClaims.some((it) => uses(classesOfClaim(it))) || ofVolumes.some((it) => uses(classesOfVolume(it)));
      });
    },
  };
}
