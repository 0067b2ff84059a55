/** Pods (upstream: pkg/registry/core/pod). */
import { forbidden, path } from "../../../apimachinery/validation/field.ts";
import type { Pod } from "../../../openapi/types/core-v1.ts";
import { setPodDefaults } from "../../pod-spec/defaults.ts";
import { validatePodSpec } from "../../pod-spec/pod-spec.ts";
import { podSpecWarnings } from "../../pod-spec/warnings.ts";
import type { Strategy } from "../../strategy.ts";
import { podBinding } from "./binding.ts";
import { podCells } from "./cells.ts";
import { podEviction } from "./eviction.ts";
import { qosClass } from "./qos.ts";
import { countGeneration, podEphemeralContainers, podResize, podStatus } from "./subresource-updates.ts";
import { validatePodUpdate } from "./update-validation.ts";

const specPath = path("spec");

/** pods */
export const podStrategy: Strategy<Pod> = {
  returnsDeleted: true,
  setDefaults: setPodDefaults,
  prepareForCreate(pod) {
    pod.metadata.generation = 1;
    pod.status = { phase: "Pending", qosClass: qosClass(pod.spec) };
    if ((pod.spec.terminationGracePeriodSeconds ?? 0) < 0) pod.spec.terminationGracePeriodSeconds = 1;
    if (pod.spec.schedulingGates?.length) {
      const message = "Scheduling is blocked due to non-empty scheduling gates";
      pod.status.conditions = [{ type: "PodScheduled", status: "False", reason: "SchedulingGated", message }];
    }
  },
  validate({ spec, metadata }) {
    const errors = validatePodSpec(spec, metadata, specPath);
    if (spec.ephemeralContainers?.length)
      errors.push(forbidden(specPath.child("ephemeralContainers"), "cannot be set on create"));
    if (spec.nodeName && spec.schedulingGates?.length) {
      errors.push(forbidden(specPath.child("nodeName"), "cannot be set until all schedulingGates have been cleared"));
    }
    return errors;
  },
  warningsOnCreate: ({ spec }) => podSpecWarnings(spec, specPath),
  prepareForUpdate(pod, old) {
    pod.status = old.status;
    countGeneration(pod, old);
  },
  validateUpdate: (pod, old) => [...validatePodSpec(pod.spec, pod.metadata, specPath), ...validatePodUpdate(pod, old)],
  warningsOnUpdate: (pod, old) => podSpecWarnings(pod.spec, specPath, old.spec),
  gracefulDeletion: {
    begin({ spec, status }, { gracePeriodSeconds }) {
      if (!spec.nodeName || status?.phase === "Failed" || status?.phase === "Succeeded") return 0;
      const seconds = gracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 0;
      return seconds < 0 ? 1 : seconds;
    },
  },
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
  updateSubresources: { status: podStatus, ephemeralcontainers: podEphemeralContainers, resize: podResize },
  createSubresources: { binding: podBinding, eviction: podEviction },
};
