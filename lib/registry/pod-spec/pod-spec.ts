/** The whole of a PodSpec (upstream: pkg/apis/core/validation, ValidatePodSpec). */
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupportedAsListed,
  type Path,
  required,
} from "../../apimachinery/validation/field.ts";
import { validateLabels } from "../../apimachinery/validation/meta.ts";
import { isDNS1123Label, isQualifiedName, nameIsDNSSubdomain } from "../../apimachinery/validation/names.ts";
import type { PodSpec } from "../../openapi/types/core-v1.ts";
import { validateAffinity } from "./affinity.ts";
import { validateContainers } from "./containers.ts";
import { validateDns, validateHostAliases } from "./dns.ts";
import { validateHostUsers, validatePodSecurityContext } from "./security-context.ts";
import { validateTolerations } from "./tolerations.ts";
import { validateTopologySpread } from "./topology-spread.ts";
import { validateVolumes } from "./volumes/volumes.ts";

const restartPolicies = ["Always", "OnFailure", "Never"];
const maxInt32 = 2_147_483_647;

/** `template`: it is one of a workload, which has no ephemeral containers. */
export interface PodSpecOptions {
  readonly template?: boolean;
}

/** Checks everything; the path is that of the spec. */
export function validatePodSpec(
  spec: PodSpec,
  metadata: { name?: string },
  path: Path,
  options: PodSpecOptions = {},
): FieldError[] {
  const errors = [
    ...validateVolumes(spec.volumes, metadata.name ?? "", path.child("volumes")),
    ...validateContainers(options.template ? { ...spec, ephemeralContainers: [] } : spec, path),
    ...validatePolicies(spec, path),
    ...validatePodSecurityContext(spec, path),
    ...validateHostUsers(spec, path),
    ...validateNames(spec, path),
    ...validateAffinity(spec.affinity, path.child("affinity")),
    ...validateTolerations(spec.tolerations, path.child("tolerations")),
    ...validateTopologySpread(spec.topologySpreadConstraints, path.child("topologySpreadConstraints")),
    ...validateDns(spec, path),
    ...validateHostAliases(spec, path),
    ...validateSchedulingGates(spec, path.child("schedulingGates")),
  ];
  if (options.template && spec.ephemeralContainers?.length) {
    errors.push(forbidden(path.child("ephemeralContainers"), "ephemeral containers not allowed in pod template"));
  }
  return errors;
}

function validatePolicies(spec: PodSpec, path: Path): FieldError[] {
  const errors: FieldError[] = [];
  const policy = spec.restartPolicy ?? "";
  if (policy === "") errors.push(required(path.child("restartPolicy"), ""));
  else if (!restartPolicies.includes(policy)) {
    errors.push(notSupportedAsListed(path.child("restartPolicy"), policy, restartPolicies));
  }
  const grace = spec.terminationGracePeriodSeconds;
  if (grace !== undefined && grace < 0) {
    errors.push(invalid(path.child("terminationGracePeriodSeconds"), grace, "must be greater than or equal to 0"));
  }
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > maxInt32)) {
    errors.push(invalid(path.child("activeDeadlineSeconds"), deadline, `must be between 1 and ${maxInt32}, inclusive`));
  }
  if (spec.preemptionPolicy !== undefined && !["PreemptLowerPriority", "Never"].includes(spec.preemptionPolicy)) {
    errors.push(
      notSupportedAsListed(path.child("preemptionPolicy"), spec.preemptionPolicy, ["PreemptLowerPriority", "Never"]),
    );
  }
  if (spec.os) {
    const { name } = spec.os;
    if (!name) errors.push(required(path.child("os", "name"), "cannot be empty"));
    else if (name !== "linux" && name !== "windows")
      errors.push(notSupportedAsListed(path.child("os"), name, ["linux", "windows"]));
  }
  return errors;
}

function validateNames(spec: PodSpec, path: Path): FieldError[] {
  const errors = validateLabels(spec.nodeSelector, path.child("nodeSelector"));
  const subdomains = [
    "serviceAccountName",
    "nodeName",
    "priorityClassName",
    "runtimeClassName",
    "schedulerName",
  ] as const;
  for (const name of subdomains) {
    const value = spec[name];
    if (!value) continue;
    errors.push(...nameIsDNSSubdomain(value, false).map((problem) => invalid(path.child(name), value, problem)));
  }
  for (const name of ["hostname", "subdomain"] as const) {
    const value = spec[name];
    if (value) errors.push(...isDNS1123Label(value).map((problem) => invalid(path.child(name), value, problem)));
  }
  for (const [index, { conditionType }] of (spec.readinessGates ?? []).entries()) {
    const at = path.child("readinessGates").index(index).child("conditionType");
    errors.push(...isQualifiedName(conditionType ?? "").map((problem) => invalid(at, conditionType ?? "", problem)));
  }
  for (const [index, { name }] of (spec.imagePullSecrets ?? []).entries()) {
    if (!name)
      errors.push(
        invalid(path.child("imagePullSecrets").index(index).child("name"), { name: "" }, "name must not be empty"),
      );
  }
  return errors;
}

function validateSchedulingGates({ schedulingGates = [] }: PodSpec, path: Path): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, { name }] of schedulingGates.entries()) {
    errors.push(...isQualifiedName(name ?? "").map((problem) => invalid(path.index(index), name ?? "", problem)));
    if (seen.has(name)) errors.push(duplicate(path.index(index), name));
    seen.add(name);
  }
  return errors;
}
