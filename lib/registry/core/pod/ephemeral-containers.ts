/** pods/ephemeralcontainers: containers that are added to a pod that runs; none may go or change. */
import { type FieldError, forbidden, path } from "../../../apimachinery/validation/field.ts";
import type { Pod } from "../../../openapi/types/core-v1.ts";
import { mirrorAnnotation, validatePodAnnotationUpdates } from "../../pod-spec/annotations.ts";
import type { UpdateStrategy } from "../../strategy.ts";
import { countGeneration, same } from "../../validation/generation.ts";
import { diffText } from "./diff.ts";
import { resetMetadata } from "./reset-metadata.ts";
import { validatePod } from "./validation.ts";

const at = path("spec", "ephemeralContainers");

function validateKept({ spec }: Pod, old: Pod): FieldError[] {
  const now = new Map((spec.ephemeralContainers ?? []).map((container) => [container.name, container]));
  return (old.spec.ephemeralContainers ?? []).flatMap((before) => {
    const container = now.get(before.name);
    const text = `existing ephemeral containers ${JSON.stringify(before.name)} may not be`;
    if (!container) return [forbidden(at, `${text} removed\n`)];
    return same(container, before) ? [] : [forbidden(at, `${text} changed\n${diffText(before, container)}`)];
  });
}

/** pods/ephemeralcontainers */
export const podEphemeralContainers: UpdateStrategy<Pod> = {
  prepareForUpdate(pod, old) {
    const { ephemeralContainers } = pod.spec;
    pod.spec = { ...old.spec, ephemeralContainers };
    if (!ephemeralContainers) delete pod.spec.ephemeralContainers;
    pod.status = old.status;
    resetMetadata(pod, old);
    countGeneration(pod.metadata, old.metadata, !same(pod.spec, old.spec));
  },
  validateUpdate(pod, old) {
    if (old.metadata.annotations?.[mirrorAnnotation] !== undefined) {
      return [forbidden(path(), "static pods do not support ephemeral containers")];
    }
    const [now, before] = [pod.metadata.annotations, old.metadata.annotations];
    const annotationsPath = path("metadata", "annotations");
    return [
      ...validatePod(pod),
      ...validatePodAnnotationUpdates(now, before, pod.spec, annotationsPath),
      ...validateKept(pod, old),
    ];
  },
};
