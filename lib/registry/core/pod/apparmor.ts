/** AppArmor annotations of old clients become fields (upstream: podStrategy.applyAppArmorVersionSkew). */
import { semanticEqual } from "../../../apimachinery/equality.ts";
import { path } from "../../../apimachinery/validation/field.ts";
import type { Pod } from "../../../openapi/types/core-v1.ts";
import { appArmorFieldOf, appArmorPrefix } from "../../pod-spec/annotations.ts";
import { validateAppArmor } from "../../pod-spec/profiles.ts";
import { allContainers } from "../../pod-spec/visit.ts";

/** What was adopted, until the warnings are asked for: afterwards it can't be told from what the client sent. */
const adopted = new WeakMap<object, string[]>();

/** Mutates the containers' security contexts. */
export function adoptAppArmorAnnotations(pod: Pod): void {
  const { annotations } = pod.metadata;
  if (!annotations || pod.spec.os?.name === "windows") return;
  const ofPod = pod.spec.securityContext?.appArmorProfile;
  const warnings: string[] = [];
  for (const [container] of allContainers(pod.spec, path("spec"))) {
    const key = appArmorPrefix + container.name;
    const annotation = annotations[key];
    if (annotation === undefined || container.securityContext?.appArmorProfile) continue;
    let profile = appArmorFieldOf(annotation);
    if (profile && validateAppArmor(profile, path()).length > 0) profile = undefined;
    const taken = profile !== undefined && !semanticEqual(profile, ofPod);
    if (taken) container.securityContext = { ...container.securityContext, appArmorProfile: profile };
    if (profile && !taken) continue;
    const at = path("metadata", "annotations").key(key);
    warnings.push(`${at}: deprecated since v1.30; use the "appArmorProfile" field instead`);
  }
  if (warnings.length > 0) adopted.set(pod, warnings);
}

/** What there is to say of the annotations that were adopted. */
export const appArmorWarnings = (pod: Pod): string[] => adopted.get(pod) ?? [];
