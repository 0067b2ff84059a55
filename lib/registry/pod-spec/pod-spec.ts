/** The whole of a PodSpec (upstream: pkg/apis/core/validation, ValidatePodSpec). */
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupportedAsListed,
  type Path,
  required,
  tooLong,
} from "../../apimachinery/validation/field.ts";
import { validateLabels } from "../../apimachinery/validation/meta.ts";
import {
  inclusiveRangeError,
  isDNS1123Label,
  isDNS1123Subdomain,
  isQualifiedName,
  nameIsDNSSubdomain,
} from "../../apimachinery/validation/names.ts";
import type { PodSpec } from "../../openapi/types/core-v1.ts";
import { validateAffinity } from "./affinity.ts";
import { mirrorAnnotation } from "./annotations.ts";
import {
  type PodParts,
  validateContainers,
  validateEphemeralContainers,
  validateInitContainers,
} from "./containers.ts";
import { validateDnsConfig, validateHostAliases } from "./dns.ts";
import { validateFileVolumes } from "./env.ts";
import { validateOs } from "./os.ts";
import { validateHostNetworkPorts } from "./ports.ts";
import { validateResourceClaims } from "./resource-claims.ts";
import { validatePodResources, validateResources } from "./resources.ts";
import { validateHostUsers, validatePodSecurityContext } from "./security-context.ts";
import { validateTolerations } from "./tolerations.ts";
import { validateTopologySpread } from "./topology-spread.ts";
import { validateVolumes } from "./volumes/volumes.ts";
import { validateHostProcess } from "./windows-options.ts";

const restartPolicies = ["Always", "OnFailure", "Never"];
const dnsPolicies = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
const preemptionPolicies = ["PreemptLowerPriority", "Never"];
const maxInt32 = 2 ** 31 - 1;
const maxHostnameBytes = 64;

/** `isPod`: it is that of a Pod, not of a template. */
export interface PodSpecOptions {
  readonly isPod?: boolean;
}

/** What of a pod's metadata its spec depends on; {} in a template. */
interface Metadata {
  readonly name?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

const oneOf = (value: string | undefined, known: readonly string[], path: Path): FieldError[] => {
  if (!value) return [required(path, "")];
  return known.includes(value) ? [] : [notSupportedAsListed(path, value, known)];
};

function validateGroups(spec: PodSpec, metadata: Metadata, isPod: boolean, path: Path): FieldError[] {
  const { errors, valid } = validateVolumes(spec.volumes, metadata.name ?? "", isPod, path.child("volumes"));
  const names = (spec.resourceClaims ?? []).map(({ name }) => name).filter(Boolean);
  const parts: PodParts = { spec, volumes: valid, claims: new Set(names) };
  const mirrored = metadata.annotations?.[mirrorAnnotation] !== undefined;
  return [
    ...errors,
    ...validateResourceClaims(spec.resourceClaims, mirrored, path.child("resourceClaims")),
    ...validateContainers(parts, path.child("containers")),
    ...validateInitContainers(parts, path.child("initContainers")),
    ...validateEphemeralContainers(parts, path.child("ephemeralContainers")),
    ...validatePodResources(spec, parts.claims, path),
  ];
}

/** Checks everything; the path is that of the spec. */
export function validatePodSpec(
  spec: PodSpec,
  metadata: Metadata,
  path: Path,
  { isPod = false }: PodSpecOptions = {},
): FieldError[] {
  return [
    ...(spec.terminationGracePeriodSeconds === undefined
      ? [required(path.child("terminationGracePeriodSeconds"), "")]
      : []),
    ...validateGroups(spec, metadata, isPod, path),
    ...validateHostNetworkPorts(spec, isPod, path.child("containers")),
    ...oneOf(spec.restartPolicy, restartPolicies, path.child("restartPolicy")),
    ...oneOf(spec.dnsPolicy, dnsPolicies, path.child("dnsPolicy")),
    ...validateLabels(spec.nodeSelector, path.child("nodeSelector")),
    ...validatePodSecurityContext(spec, path.child("securityContext")),
    ...validateAffinity(spec.affinity, path.child("affinity")),
    ...validateDnsConfig(spec, path.child("dnsConfig")),
    ...validateReadinessGates(spec, path.child("readinessGates")),
    ...validateSchedulingGates(spec, path.child("schedulingGates")),
    ...validateTopologySpread(spec.topologySpreadConstraints, path.child("topologySpreadConstraints")),
    ...validateHostProcess(spec, path),
    ...validateHostUsers(spec, path),
    ...validateHostnameOverride(spec, path.child("hostnameOverride")),
    ...validateNames(spec, path),
    ...validateTolerations(spec.tolerations, path.child("tolerations")),
    ...validateHostAliases(spec.hostAliases, path.child("hostAliases")),
    ...validateScheduling(spec, path),
    ...validateOs(spec, path),
    ...validateFileVolumes(spec, path),
  ];
}

function validateReadinessGates({ readinessGates = [] }: PodSpec, path: Path): FieldError[] {
  return readinessGates.flatMap(({ conditionType = "" }, index) => {
    const at = path.index(index).child("conditionType");
    return isQualifiedName(conditionType).map((problem) => invalid(at, conditionType, problem));
  });
}

function validateSchedulingGates({ schedulingGates = [] }: PodSpec, path: Path): FieldError[] {
  const seen = new Set<string>();
  return schedulingGates.flatMap(({ name = "" }, index) => {
    const errors = isQualifiedName(name).map((problem) => invalid(path.index(index), name, problem));
    if (seen.has(name)) errors.push(duplicate(path.index(index), name));
    seen.add(name);
    return errors;
  });
}

function validateHostnameOverride(spec: PodSpec, at: Path): FieldError[] {
  const name = spec.hostnameOverride;
  if (name === undefined) return [];
  const errors: FieldError[] = [];
  if (spec.setHostnameAsFQDN) errors.push(forbidden(at, "may not be specified when setHostnameAsFQDN is true"));
  if (spec.hostNetwork) errors.push(forbidden(at, "may not be specified when hostNetwork is true"));
  if (name.length > maxHostnameBytes) errors.push(tooLong(at, maxHostnameBytes));
  return [...errors, ...isDNS1123Subdomain(name).map((problem) => invalid(at, name, problem))];
}

function validateNames(spec: PodSpec, path: Path): FieldError[] {
  const errors: FieldError[] = [];
  const check = (
    name: "serviceAccountName" | "nodeName" | "hostname" | "subdomain",
    problemsOf: (value: string) => string[],
  ) => {
    const value = spec[name];
    if (value) errors.push(...problemsOf(value).map((problem) => invalid(path.child(name), value, problem)));
  };
  check("serviceAccountName", (value) => nameIsDNSSubdomain(value, false));
  check("nodeName", (value) => nameIsDNSSubdomain(value, false));
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > maxInt32)) {
    errors.push(invalid(path.child("activeDeadlineSeconds"), deadline, inclusiveRangeError(1, maxInt32)));
  }
  check("hostname", isDNS1123Label);
  check("subdomain", isDNS1123Label);
  return errors;
}

function validateScheduling(spec: PodSpec, path: Path): FieldError[] {
  const errors: FieldError[] = [];
  const { priorityClassName, runtimeClassName, preemptionPolicy, overhead } = spec;
  const subdomain = (value: string, at: Path) =>
    errors.push(...nameIsDNSSubdomain(value, false).map((problem) => invalid(at, value, problem)));
  if (priorityClassName) subdomain(priorityClassName, path.child("priorityClassName"));
  if (runtimeClassName !== undefined) subdomain(runtimeClassName, path.child("runtimeClassName"));
  if (preemptionPolicy !== undefined) {
    errors.push(...oneOf(preemptionPolicy, preemptionPolicies, path.child("preemptionPolicy")));
  }
  if (overhead) errors.push(...validateResources({ limits: overhead }, new Set(), path.child("overhead")));
  return errors;
}
