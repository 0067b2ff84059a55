/**
 * What makes a StatefulSet's pods the ones that they are: names, ordinals, claims (upstream:
 * controller/statefulset/stateful_set_utils.go).
 */
import { deepCopy } from "../../apimachinery/equality.ts";
import type { Draft, OwnerReference } from "../../apimachinery/meta.ts";
import type { StatefulSet } from "../../openapi/types/apps-v1.ts";
import type { PersistentVolumeClaim, Pod, PodTemplateSpec } from "../../openapi/types/core-v1.ts";
import { statefulsets } from "../../openapi/types/resources.ts";
import { newControllerRef } from "../owned.ts";
import { podFromTemplate } from "../pod-control.ts";
import { revisionHashLabel } from "../revision-history.ts";

const podNameLabel = "statefulset.kubernetes.io/pod-name";
const podIndexLabel = "apps.kubernetes.io/pod-index";

/** The ordinal of a pod of that StatefulSet; undefined where its name is not one of a member. */
export function ordinalOf(set: StatefulSet, pod: Pod): number | undefined {
  const { name } = pod.metadata;
  const prefix = `${set.metadata.name}-`;
  const text = name.startsWith(prefix) ? name.slice(prefix.length) : "";
  return /^(0|[1-9][0-9]*)$/.test(text) ? Number(text) : undefined;
}

/** The first ordinal, and the one after the last. */
export function ordinalRange(set: StatefulSet): [first: number, end: number] {
  const first = set.spec?.ordinals?.start ?? 0;
  return [first, first + (set.spec?.replicas ?? 1)];
}

/** The pod of an ordinal, made from a revision's template. */
export function draftMember(
  set: StatefulSet,
  template: PodTemplateSpec,
  ordinal: number,
  revision: string,
): Draft<Pod> {
  const name = `${set.metadata.name}-${ordinal}`;
  const { metadata, spec, ...rest } = podFromTemplate(template, set, newControllerRef(statefulsets, set));
  const { generateName: _, ...named } = metadata;
  const claims = (set.spec?.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name);
  const volumes = (spec.volumes ?? []).filter((volume) => !claims.includes(volume.name));
  for (const claim of claims)
    volumes.push({ name: claim, persistentVolumeClaim: { claimName: claimName(set, claim, ordinal) } });
  return {
    ...rest,
    metadata: {
      ...named,
      name,
      labels: {
        ...named.labels,
        [podNameLabel]: name,
        [podIndexLabel]: String(ordinal),
        [revisionHashLabel]: revision,
      },
    },
    spec: {
      ...spec,
      hostname: name,
      ...(set.spec?.serviceName ? { subdomain: set.spec.serviceName } : {}),
      ...(volumes.length > 0 ? { volumes } : {}),
    },
  };
}

/** The name of the revision that a pod was made from. */
export function revisionOf(pod: Pod): string {
  return pod.metadata.labels?.[revisionHashLabel] ?? "";
}

/** The labels that identify a member, where it lacks them. */
export function missingLabels(pod: Pod, ordinal: number): Record<string, string> | undefined {
  const wanted = { [podNameLabel]: pod.metadata.name, [podIndexLabel]: String(ordinal) };
  const { labels = {} } = pod.metadata;
  return Object.entries(wanted).every(([key, value]) => labels[key] === value) ? undefined : wanted;
}

function claimName(set: StatefulSet, template: string, ordinal: number): string {
  return `${template}-${set.metadata.name}-${ordinal}`;
}

/** The claims of a member, as they are made. */
export function draftClaims(set: StatefulSet, ordinal: number): Draft<PersistentVolumeClaim>[] {
  return (set.spec?.volumeClaimTemplates ?? []).map(({ metadata, spec }) => ({
    metadata: {
      name: claimName(set, metadata.name, ordinal),
      namespace: set.metadata.namespace,
      labels: { ...metadata.labels, ...set.spec?.selector.matchLabels },
      ...(metadata.annotations === undefined ? {} : { annotations: { ...metadata.annotations } }),
    },
    spec: deepCopy(spec ?? {}),
  }));
}

/**
 * The owners that a member's claim should have besides those of others: the set where claims go with it, the pod where
 * they
 * go when the set shrinks and the pod is on its way out; nobody where claims are kept.
 */
export function claimOwners(set: StatefulSet, pod: Pod | undefined, condemned: boolean): OwnerReference[] {
  const { whenDeleted = "Retain", whenScaled = "Retain" } = set.spec?.persistentVolumeClaimRetentionPolicy ?? {};
  if (whenScaled === "Delete" && condemned && pod !== undefined) {
    const { name, uid } = pod.metadata;
    return [{ apiVersion: "v1", kind: "Pod", name, uid }];
  }
  if (whenDeleted !== "Delete") return [];
  const { name, uid } = set.metadata;
  return [{ apiVersion: "apps/v1", kind: "StatefulSet", name, uid }];
}
