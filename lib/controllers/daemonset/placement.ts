/**
 * On which nodes a DaemonSet's pods belong, and what they look like there (upstream: controller/daemon and its util).
 */
import type { Draft } from "../../apimachinery/meta.ts";
import { matchesNodeChoice } from "../../apimachinery/scheduling/node-affinity.ts";
import { toleratesTaint } from "../../apimachinery/scheduling/taints.ts";
import type { DaemonSet } from "../../openapi/types/apps-v1.ts";
import type { Node, Pod, PodSpec, Toleration } from "../../openapi/types/core-v1.ts";
import { daemonsets } from "../../openapi/types/resources.ts";
import { newControllerRef } from "../owned.ts";
import { podFromTemplate } from "../pod-control.ts";
import { revisionHashLabel } from "../revision-history.ts";

const generationAnnotation = "deprecated.daemonset.template.generation";
const generationLabel = "pod-template-generation";

/** Daemons stay on nodes in trouble: they may be what helps. */
const toleratedTaints = [
  ["not-ready", "NoExecute"],
  ["unreachable", "NoExecute"],
  ["disk-pressure", "NoSchedule"],
  ["memory-pressure", "NoSchedule"],
  ["pid-pressure", "NoSchedule"],
  ["unschedulable", "NoSchedule"],
] as const;

function tolerationsOf({ tolerations = [], hostNetwork }: PodSpec): Toleration[] {
  const added = hostNetwork ? [...toleratedTaints, ["network-unavailable", "NoSchedule"] as const] : toleratedTaints;
  const all = [...tolerations];
  for (const [name, effect] of added) {
    const toleration = { key: `node.kubernetes.io/${name}`, operator: "Exists", effect };
    const index = all.findIndex((one) => one.key === toleration.key && one.effect === effect);
    if (index < 0) all.push(toleration);
    else all[index] = toleration;
  }
  return all;
}

/** Whether a pod should be made on a node, and whether one that is there may stay. */
export function placementOn(set: DaemonSet, node: Node): { run: boolean; stay: boolean } {
  const spec = set.spec.template.spec ?? { containers: [] };
  if (spec.nodeName && spec.nodeName !== node.metadata.name) return { run: false, stay: false };
  if (!matchesNodeChoice(spec, node)) return { run: false, stay: false };
  const tolerations = tolerationsOf(spec);
  const refused = (node.spec?.taints ?? []).filter(
    (taint) =>
      (taint.effect === "NoSchedule" || taint.effect === "NoExecute") &&
      !tolerations.some((toleration) => toleratesTaint(toleration, taint)),
  );
  const evicted = refused.some(({ effect }) => effect === "NoExecute");
  return { run: refused.length === 0, stay: !evicted };
}

/** A pod of the DaemonSet that only this node can have. */
export function draftDaemonPod(set: DaemonSet, node: string, hash: string): Draft<Pod> {
  const pod = podFromTemplate(set.spec.template, set, newControllerRef(daemonsets, set));
  const generation = set.metadata.annotations?.[generationAnnotation];
  pod.metadata.labels = {
    ...pod.metadata.labels,
    ...(generation === undefined ? {} : { [generationLabel]: generation }),
    [revisionHashLabel]: hash,
  };
  const { spec } = pod;
  const nodeSelectorTerms = [{ matchFields: [{ key: "metadata.name", operator: "In", values: [node] }] }];
  spec.affinity = {
    ...spec.affinity,
    nodeAffinity: {
      ...spec.affinity?.nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
    },
  };
  spec.tolerations = tolerationsOf(spec);
  return pod;
}

/** The node that a pod is on, or is for. */
export function nodeOf(pod: Pod): string | undefined {
  if (pod.spec.nodeName) return pod.spec.nodeName;
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  for (const { matchFields = [] } of required?.nodeSelectorTerms ?? []) {
    const field = matchFields.find(({ key, operator }) => key === "metadata.name" && operator === "In");
    if (field?.values?.length === 1) return field.values[0];
  }
  return undefined;
}
