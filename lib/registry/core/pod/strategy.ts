/** Pods (upstream: pkg/registry/core/pod). */
import { path } from "../../../apimachinery/validation/field.ts";
import { isDNS1123Label } from "../../../apimachinery/validation/names.ts";
import type { Pod } from "../../../openapi/types/core-v1.ts";
import { setPodDefaults } from "../../pod-spec/defaults.ts";
import { podWarnings } from "../../pod-spec/warnings.ts";
import type { Strategy } from "../../strategy.ts";
import { countGeneration, same } from "../../validation/generation.ts";
import { adoptAppArmorAnnotations, appArmorWarnings } from "./apparmor.ts";
import { podBinding } from "./binding.ts";
import { podCells, podRowConditions } from "./cells.ts";
import { setPodCondition } from "./conditions.ts";
import { gracefulPodDeletion } from "./deletion.ts";
import { podEphemeralContainers } from "./ephemeral-containers.ts";
import { podEviction } from "./eviction.ts";
import { mergeLabelKeys } from "./label-keys.ts";
import { qosClass } from "./qos.ts";
import { podResize } from "./resize.ts";
import { podStatus } from "./status.ts";
import { validatePodUpdate } from "./update-validation.ts";
import { validatePodCreate } from "./validation.ts";

function nameWarnings(name: string | undefined): string[] {
  const problems = isDNS1123Label(name ?? "");
  if (problems.length === 0) return [];
  const text = `[${problems.join(" ")}]`;
  return [
    `metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: ${text}`,
  ];
}

/** What lets an internal hook write past validation: binding and eviction change spec and status at once. */
const asIs = {};

/** pods */
export const podStrategy: Strategy<Pod> = {
  returnsDeleted: true,
  setDefaults: setPodDefaults,
  prepareForCreate(pod, { clock }) {
    pod.metadata.generation = 1;
    pod.status = { phase: "Pending", qosClass: qosClass(pod.spec) };
    if (pod.spec.schedulingGates?.length) {
      const message = "Scheduling is blocked due to non-empty scheduling gates";
      const condition = { type: "PodScheduled", status: "False", reason: "SchedulingGated", message };
      setPodCondition(pod.status, condition, clock.now());
    }
    mergeLabelKeys(pod);
    adoptAppArmorAnnotations(pod);
  },
  validate: validatePodCreate,
  warningsOnCreate: (pod) => [
    ...appArmorWarnings(pod),
    ...nameWarnings(pod.metadata.name),
    ...podWarnings(pod.spec, pod.metadata, path()),
  ],
  prepareForUpdate(pod, old) {
    pod.status = old.status;
    countGeneration(pod.metadata, old.metadata, !same(pod.spec, old.spec));
  },
  validateUpdate: validatePodUpdate,
  gracefulDeletion: gracefulPodDeletion,
  selectableFields: ({ spec, status }) => ({
    "spec.nodeName": spec.nodeName ?? "",
    "spec.host": spec.nodeName ?? "",
    "spec.restartPolicy": spec.restartPolicy ?? "",
    "spec.schedulerName": spec.schedulerName ?? "",
    "spec.serviceAccountName": spec.serviceAccountName ?? "",
    "spec.hostNetwork": String(spec.hostNetwork ?? false),
    "status.phase": status?.phase ?? "",
    "status.podIP": status?.podIPs?.[0]?.ip ?? "",
    "status.podIPs": status?.podIPs?.[0]?.ip ?? "",
    "status.nominatedNodeName": status?.nominatedNodeName ?? "",
  }),
  cells: podCells,
  rowConditions: podRowConditions,
  updateSubresources: {
    status: podStatus,
    ephemeralcontainers: podEphemeralContainers,
    resize: podResize,
    binding: asIs,
    eviction: asIs,
  },
  createSubresources: { binding: podBinding, eviction: podEviction },
};
