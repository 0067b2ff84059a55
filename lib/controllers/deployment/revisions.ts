/** Which ReplicaSet is which revision of a Deployment (upstream: controller/deployment/util/deployment_util.go). */
import { deepCopy, semanticEqual } from "../../apimachinery/equality.ts";
import type { Draft } from "../../apimachinery/meta.ts";
import type { Deployment, ReplicaSet } from "../../openapi/types/apps-v1.ts";
import type { PodTemplateSpec } from "../../openapi/types/core-v1.ts";
import { deployments } from "../../openapi/types/resources.ts";
import { newControllerRef } from "../owned.ts";
import { templateHash } from "../template-hash.ts";

/** The label by which a Deployment's ReplicaSets and their pods are told apart. */
export const hashLabel = "pod-template-hash";
/** A revision's number, on Deployment and ReplicaSet. */
export const revisionAnnotation = "deployment.kubernetes.io/revision";
/** The numbers that a ReplicaSet had before it was rolled back to. */
export const revisionHistoryAnnotation = "deployment.kubernetes.io/revision-history";
/** spec.replicas of the Deployment when the ReplicaSet was last scaled. */
export const desiredReplicasAnnotation = "deployment.kubernetes.io/desired-replicas";
/** As desired-replicas, with maxSurge. */
export const maxReplicasAnnotation = "deployment.kubernetes.io/max-replicas";

const maxHistoryChars = 2000;
const maxNameChars = 253;

/** What is not copied from a Deployment to its ReplicaSets. */
const notCopied = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredReplicasAnnotation,
  maxReplicasAnnotation,
  "deprecated.deployment.rollback.to",
]);

/** Whether two templates are the same but for the hash label. */
export function sameTemplate(a: PodTemplateSpec, b: PodTemplateSpec): boolean {
  return semanticEqual(withoutHash(a), withoutHash(b));
}

function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  if (template.metadata?.labels?.[hashLabel] === undefined) return template;
  const { [hashLabel]: _, ...labels } = template.metadata.labels;
  return { ...template, metadata: { ...template.metadata, labels } };
}

/** The oldest ReplicaSet with the Deployment's template. `sets` must be sorted by age. */
export function findNewSet(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  return sets.find((set) => sameTemplate(set.spec.template ?? {}, deployment.spec.template));
}

/** A ReplicaSet's revision; 0 where it has none or no number. */
export function revisionOf(set: { metadata: { annotations?: Record<string, string> } }): number {
  const text = set.metadata.annotations?.[revisionAnnotation] ?? "";
  return /^[0-9]+$/.test(text) ? Number(text) : 0;
}

/** The annotations that the new ReplicaSet of a Deployment should have at a revision, copied and numbered. */
export function newSetAnnotations(
  deployment: Deployment,
  current: Readonly<Record<string, string>> | undefined,
  revision: number,
): Record<string, string> {
  const annotations: Record<string, string> = { ...current };
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {})) {
    if (!notCopied.has(key)) annotations[key] = value;
  }
  const old = annotations[revisionAnnotation];
  if (old !== undefined && !/^[0-9]+$/.test(old)) return annotations;
  if (Number(old ?? 0) >= revision) return annotations;
  annotations[revisionAnnotation] = String(revision);
  if (old !== undefined) addToHistory(annotations, old);
  return annotations;
}

function addToHistory(annotations: Record<string, string>, old: string): void {
  const history = (annotations[revisionHistoryAnnotation] ?? "").split(",").filter((one) => one !== "");
  history.push(old);
  while (history.length > 1 && history.join(",").length > maxHistoryChars) history.shift();
  annotations[revisionHistoryAnnotation] = history.join(",");
}

/** The new ReplicaSet of a Deployment, without pods as yet. */
export function draftNewSet(deployment: Deployment, revision: number): Draft<ReplicaSet> & ReplicaSet {
  const { spec, metadata } = deployment;
  const template = deepCopy(spec.template);
  const hash = templateHash(template, deployment.status?.collisionCount);
  const labels = { ...template.metadata?.labels, [hashLabel]: hash };
  template.metadata = { ...template.metadata, labels };
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${metadata.name.slice(0, maxNameChars - 1 - hash.length)}-${hash}`,
      namespace: metadata.namespace,
      labels: { ...labels },
      annotations: newSetAnnotations(deployment, undefined, revision),
      ownerReferences: [newControllerRef(deployments, deployment)],
      uid: "",
      resourceVersion: "",
      creationTimestamp: "",
    },
    spec: {
      replicas: 0,
      ...(spec.minReadySeconds === undefined ? {} : { minReadySeconds: spec.minReadySeconds }),
      selector: { ...spec.selector, matchLabels: { ...spec.selector.matchLabels, [hashLabel]: hash } },
      template,
    },
  };
}
