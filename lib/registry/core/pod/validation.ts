/** The whole of a pod but its generic metadata (upstream: validatePodMetadataAndSpec, ValidatePodCreate). */
import { type FieldError, forbidden, invalid, path } from "../../../apimachinery/validation/field.ts";
import type { Pod } from "../../../openapi/types/core-v1.ts";
import {
  validateAppArmorAnnotations,
  validatePodAnnotations,
  validateSeccompAnnotations,
} from "../../pod-spec/annotations.ts";
import { validatePodSpec } from "../../pod-spec/pod-spec.ts";

const specPath = path("spec");
const annotationsPath = path("metadata", "annotations");

function validateTokens({ spec }: Pod): FieldError[] {
  if (spec.serviceAccountName) return [];
  return (spec.volumes ?? []).flatMap(({ projected }, index) =>
    (projected?.sources ?? []).flatMap(({ serviceAccountToken }, place) => {
      if (!serviceAccountToken) return [];
      const at = specPath.child("volumes").index(index).child("projected", "sources").index(place);
      return [forbidden(at.child("serviceAccountToken"), "must not be specified when serviceAccountName is not set")];
    }),
  );
}

function validateImages({ spec }: Pod): FieldError[] {
  return (["containers", "initContainers"] as const).flatMap((name) =>
    (spec[name] ?? []).flatMap(({ image = "" }, index) => {
      if (image === image.trim()) return [];
      const at = specPath.child(name).index(index).child("image");
      return [invalid(at, image, "must not have leading or trailing whitespace")];
    }),
  );
}

/** What holds of a pod whenever it is written. */
export function validatePod(pod: Pod): FieldError[] {
  return [
    ...validatePodAnnotations(pod.metadata.annotations, pod.spec, annotationsPath),
    ...validatePodSpec(pod.spec, pod.metadata, specPath, { isPod: true }),
    ...validateTokens(pod),
    ...validateImages(pod),
  ];
}

/** A new pod. */
export function validatePodCreate(pod: Pod): FieldError[] {
  const { spec, metadata } = pod;
  const errors = validatePod(pod);
  if (spec.ephemeralContainers?.length) {
    errors.push(forbidden(specPath.child("ephemeralContainers"), "cannot be set on create"));
  }
  if (spec.nodeName && spec.schedulingGates?.length) {
    errors.push(forbidden(specPath.child("nodeName"), "cannot be set until all schedulingGates have been cleared"));
  }
  return [
    ...errors,
    ...validateSeccompAnnotations(metadata.annotations, spec, specPath),
    ...validateAppArmorAnnotations(metadata.annotations, spec, specPath),
  ];
}
