/** The subresources of pods that are updates: status, ephemeralcontainers, resize. */
import { semanticEqual } from "../../../apimachinery/equality.ts";
import { type FieldError, forbidden, invalid, path } from "../../../apimachinery/validation/field.ts";
import type { Container, Pod } from "../../../openapi/types/core-v1.ts";
import { validatePodSpec } from "../../pod-spec/pod-spec.ts";
import type { UpdateStrategy } from "../../strategy.ts";
import { qosClass } from "./qos.ts";
import { validatePodStatusUpdate } from "./update-validation.ts";

const specPath = path("spec");

/** status: everything else stays. */
export const podStatus: UpdateStrategy<Pod> = {
  prepareForUpdate(pod, old) {
    pod.spec = old.spec;
    pod.metadata.ownerReferences = old.metadata.ownerReferences;
    pod.status ??= {};
    pod.status.qosClass ??= old.status?.qosClass;
  },
  validateUpdate: validatePodStatusUpdate,
};

/** ephemeralcontainers: none may go or change. */
export const podEphemeralContainers: UpdateStrategy<Pod> = {
  prepareForUpdate(pod, old) {
    const added = pod.spec.ephemeralContainers;
    pod.spec = { ...old.spec };
    if (added) pod.spec.ephemeralContainers = added;
    else delete pod.spec.ephemeralContainers;
    pod.status = old.status;
    countGeneration(pod, old);
  },
  validateUpdate(pod, old) {
    const at = specPath.child("ephemeralContainers");
    const errors: FieldError[] = validatePodSpec(pod.spec, pod.metadata, specPath);
    for (const before of old.spec.ephemeralContainers ?? []) {
      const index = (pod.spec.ephemeralContainers ?? []).findIndex(({ name }) => name === before.name);
      const now = pod.spec.ephemeralContainers?.[index];
      const name = JSON.stringify(before.name);
      if (!now) errors.push(forbidden(at, `existing ephemeral containers ${name} may not be removed\n`));
      else if (!semanticEqual(now, before)) {
        errors.push(forbidden(at, `existing ephemeral containers ${name} may not be changed\n`));
      }
    }
    return errors;
  },
};

/** Takes over nothing but resources and resize policies. */
function resized(containers: readonly Container[], old: readonly Container[]): Container[] {
  return old.map((before) => {
    const now = containers.find(({ name }) => name === before.name);
    if (!now) return before;
    const { resources: _, resizePolicy: __, ...rest } = before;
    const policy = now.resizePolicy ?? before.resizePolicy;
    return { ...rest, resources: now.resources, ...(policy ? { resizePolicy: policy } : {}) };
  });
}

const others = (list: Record<string, string> | undefined) => {
  const { cpu: _, memory: __, ...rest } = list ?? {};
  return rest;
};

/** resize: cpu and memory of containers. */
export const podResize: UpdateStrategy<Pod> = {
  prepareForUpdate(pod, old) {
    const { containers, initContainers = [] } = pod.spec;
    pod.spec = { ...old.spec, containers: resized(containers, old.spec.containers) };
    if (old.spec.initContainers) pod.spec.initContainers = resized(initContainers, old.spec.initContainers);
    pod.status = old.status;
    countGeneration(pod, old);
  },
  validateUpdate(pod, old) {
    const errors = validatePodSpec(pod.spec, pod.metadata, specPath);
    const qos = qosClass(pod.spec);
    if (qos !== old.status?.qosClass) {
      errors.push(invalid(specPath, qos, "Pod QOS Class may not change as a result of resizing"));
    }
    const changed = pod.spec.containers.some(({ resources }, index) => {
      const before = old.spec.containers[index].resources;
      const same = (name: "limits" | "requests") => semanticEqual(others(resources?.[name]), others(before?.[name]));
      return !same("limits") || !same("requests");
    });
    if (changed) errors.push(forbidden(specPath, "only cpu and memory resources are mutable"));
    return errors;
  },
};

/** A changed spec is a new generation. */
export function countGeneration(pod: Pod, old: Pod): void {
  const generation = old.metadata.generation ?? 1;
  pod.metadata.generation = semanticEqual(pod.spec, old.spec) ? generation : generation + 1;
}
