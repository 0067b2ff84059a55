/** What clients are warned of in pods and templates (upstream: pkg/api/pod/warnings.go). */
import { semanticEqual } from "../../apimachinery/equality.ts";
import { parseQuantity } from "../../apimachinery/quantity.ts";
import type { Path } from "../../apimachinery/validation/field.ts";
import type { EnvVar, PodAffinity, PodSpec } from "../../openapi/types/core-v1.ts";
import { claimSpecWarnings } from "../core/persistentvolumeclaim/warnings.ts";
import { deprecatedNodeLabel, nodeSelectorTermWarnings } from "../validation/deprecated-node-labels.ts";
import { warningsForIP } from "../validation/ip-warnings.ts";
import { appArmorFieldOf, appArmorPrefix, seccompPodAnnotation, seccompPrefix } from "./annotations.ts";
import { portWarnings } from "./port-warnings.ts";
import { type AnyContainer, allContainers } from "./visit.ts";
import { overlappingPathWarnings } from "./volumes/overlapping-paths.ts";

type Annotations = Readonly<Record<string, string>>;

const requiredName = "requiredDuringSchedulingIgnoredDuringExecution";
const preferredName = "preferredDuringSchedulingIgnoredDuringExecution";
const noSelector = "a null labelSelector results in matching no pod";

const deprecatedAnnotations: Readonly<Record<string, string>> = {
  "scheduler.alpha.kubernetes.io/critical-pod": 'non-functional in v1.16+; use the "priorityClassName" field instead',
  "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
  "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
};

const removedIn = (deprecated: string, gone: string) => `deprecated in ${deprecated}, non-functional in ${gone}+`;
const oldVolumes: Readonly<Record<string, string>> = {
  photonPersistentDisk: removedIn("v1.11", "v1.16"),
  gitRepo: "deprecated in v1.11, and disabled by default in v1.33+",
  scaleIO: removedIn("v1.16", "v1.22"),
  flocker: removedIn("v1.22", "v1.25"),
  storageos: removedIn("v1.22", "v1.25"),
  quobyte: removedIn("v1.22", "v1.25"),
  glusterfs: removedIn("v1.25", "v1.26"),
  cephfs: removedIn("v1.28", "v1.31"),
  rbd: removedIn("v1.28", "v1.31"),
};
/** Where upstream names the field otherwise. */
const volumeNames: Readonly<Record<string, string>> = { storageos: "storageOS" };

function placementWarnings(spec: PodSpec, path: Path): string[] {
  const warnings: string[] = [];
  for (const key of Object.keys(spec.nodeSelector ?? {})) {
    const text = deprecatedNodeLabel(key);
    if (text !== undefined) warnings.push(`${path.child("nodeSelector").key(key)}: ${text}`);
  }
  const affinity = spec.affinity?.nodeAffinity;
  const at = path.child("affinity", "nodeAffinity");
  for (const [index, term] of (affinity?.[requiredName]?.nodeSelectorTerms ?? []).entries()) {
    const place = at.child(requiredName, "nodeSelectorTerms").index(index);
    warnings.push(...nodeSelectorTermWarnings(term, false, place));
  }
  for (const [index, { preference }] of (affinity?.[preferredName] ?? []).entries()) {
    const place = at.child(preferredName).index(index).child("preference");
    warnings.push(...nodeSelectorTermWarnings(preference ?? {}, true, place));
  }
  for (const [index, { topologyKey = "", labelSelector }] of (spec.topologySpreadConstraints ?? []).entries()) {
    const place = path.child("topologySpreadConstraints").index(index);
    const text = deprecatedNodeLabel(topologyKey);
    if (text !== undefined) warnings.push(`${place.child("topologyKey")}: ${topologyKey} is ${text}`);
    if (!labelSelector) warnings.push(`${place.child("labelSelector")}: ${noSelector}`);
  }
  return warnings;
}

function volumeWarnings({ volumes = [] }: PodSpec, path: Path): string[] {
  const warnings = volumes.flatMap((volume, index) => {
    const at = path.child("volumes").index(index);
    const own = Object.entries(oldVolumes)
      .filter(([source]) => source in volume)
      .map(([source, text]) => `${at.child(volumeNames[source] ?? source)}: ${text}`);
    const claim = volume.ephemeral?.volumeClaimTemplate?.spec;
    if (!claim) return own;
    return [...own, ...claimSpecWarnings(claim, at.child("ephemeral", "volumeClaimTemplate", "spec"))];
  });
  return [...warnings, ...overlappingPathWarnings(volumes)];
}

function repeated(values: readonly (string | undefined)[], warn: (value: string, index: number) => string): string[] {
  const seen = new Set<string>();
  return values.flatMap((value = "", index) => {
    if (seen.has(value)) return [warn(value, index)];
    seen.add(value);
    return [];
  });
}

function listWarnings({ hostAliases = [], imagePullSecrets = [] }: PodSpec, path: Path): string[] {
  const aliases = path.child("hostAliases");
  const secrets = path.child("imagePullSecrets");
  return [
    ...repeated(
      hostAliases.map(({ ip }) => ip),
      (ip, index) => `${aliases.index(index).child("ip")}: duplicate ip ${JSON.stringify(ip)}`,
    ),
    ...repeated(
      imagePullSecrets.map(({ name }) => name),
      (name, index) => `${secrets.index(index).child("name")}: duplicate name ${JSON.stringify(name)}`,
    ),
    ...imagePullSecrets.flatMap(({ name }, index) =>
      name ? [] : [`${secrets.index(index).child("name")}: invalid empty name ""`],
    ),
  ];
}

function fractional(list: Record<string, string> | undefined, name: string, path: Path): string[] {
  const text = list?.[name];
  if (text === undefined) return [];
  const quantity = parseQuantity(text);
  if (quantity.milliValue() % 1000n === 0n) return [];
  return [
    `${path.key(name)}: fractional byte value ${JSON.stringify(quantity.toString())} is invalid, must be an integer`,
  ];
}

/** Variables that replace another of the same name without using it. */
function envWarnings(env: readonly EnvVar[], path: Path): string[] {
  const seen = new Set<string>();
  return env.flatMap(({ name, value = "", valueFrom }, index) => {
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    const reference = `$(${name})`;
    if (!valueFrom && value !== reference && value.includes(reference)) return [];
    const text = `hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`;
    return [`${path.child("env").index(index)}: ${text}`];
  });
}

function containerWarnings(container: AnyContainer, path: Path): string[] {
  const at = path.child("resources");
  const warnings = ["memory", "ephemeral-storage"].flatMap((name) => [
    ...fractional(container.resources?.limits, name, at.child("limits")),
    ...fractional(container.resources?.requests, name, at.child("requests")),
  ]);
  return [...warnings, ...envWarnings(container.env ?? [], path)];
}

function profileWarnings(
  container: AnyContainer,
  spec: PodSpec,
  annotations: Annotations,
  path: Path,
  isTemplate: boolean,
): string[] {
  const warnings: string[] = [];
  const context = container.securityContext;
  const seccomp = seccompPrefix + container.name;
  if (!context?.seccompProfile && annotations[seccomp] !== undefined) {
    warnings.push(`${path.key(seccomp)}: non-functional in v1.27+; use the "seccompProfile" field instead`);
  }
  const key = appArmorPrefix + container.name;
  const annotation = annotations[key];
  if (!isTemplate || context?.appArmorProfile || annotation === undefined) return warnings;
  const ofPod = spec.securityContext?.appArmorProfile;
  if (ofPod && semanticEqual(ofPod, appArmorFieldOf(annotation))) return warnings;
  return [...warnings, `${path.key(key)}: deprecated since v1.30; use the "appArmorProfile" field instead`];
}

function selectorWarnings(affinity: PodAffinity | undefined, path: Path): string[] {
  const warnings: string[] = [];
  for (const [index, { labelSelector }] of (affinity?.[requiredName] ?? []).entries()) {
    if (labelSelector) continue;
    warnings.push(`${path.child(requiredName).index(index).child("labelSelector")}: ${noSelector}`);
  }
  for (const [index, { podAffinityTerm }] of (affinity?.[preferredName] ?? []).entries()) {
    if (podAffinityTerm?.labelSelector) continue;
    const at = path.child(preferredName).index(index).child("podAffinityTerm", "labelSelector");
    warnings.push(`${at}: ${noSelector}`);
  }
  return warnings;
}

function addressWarnings({ dnsConfig, hostAliases = [] }: PodSpec, path: Path): string[] {
  const servers = path.child("dnsConfig", "nameservers");
  return [
    ...(dnsConfig?.nameservers ?? []).flatMap((server, index) => warningsForIP(servers.index(index), server)),
    ...hostAliases.flatMap(({ ip = "" }, index) =>
      warningsForIP(path.child("hostAliases").index(index).child("ip"), ip),
    ),
  ];
}

function annotationWarnings(spec: PodSpec, annotations: Annotations, path: Path): string[] {
  const warnings = Object.entries(deprecatedAnnotations)
    .filter(([key]) => annotations[key] !== undefined)
    .map(([key, text]) => `${path.key(key)}: ${text}`);
  if (spec.securityContext?.seccompProfile || annotations[seccompPodAnnotation] === undefined) return warnings;
  const text = 'non-functional in v1.27+; use the "seccompProfile" field instead';
  return [...warnings, `${path.key(seccompPodAnnotation)}: ${text}`];
}

/** Warnings about a pod, or about a template at `path`. */
export function podWarnings(
  spec: PodSpec,
  { annotations = {} }: { readonly annotations?: Annotations },
  path: Path,
  isTemplate = false,
): string[] {
  const at = path.child("spec");
  const annotationsPath = path.child("metadata", "annotations");
  const containers = allContainers(spec, at);
  const grace = spec.terminationGracePeriodSeconds ?? 0;
  const graceText = "must be >= 0; negative values are invalid and will be treated as 1";
  return [
    ...placementWarnings(spec, at),
    ...annotationWarnings(spec, annotations, annotationsPath),
    ...volumeWarnings(spec, at),
    ...listWarnings(spec, at),
    ...["memory", "ephemeral-storage"].flatMap((name) => fractional(spec.overhead, name, at.child("overhead"))),
    ...containers.flatMap(([container, place]) => [
      ...profileWarnings(container, spec, annotations, annotationsPath, isTemplate),
      ...containerWarnings(container, place),
    ]),
    ...portWarnings(spec, at),
    ...(grace < 0 ? [`${at.child("terminationGracePeriodSeconds")}: ${graceText}`] : []),
    ...selectorWarnings(spec.affinity?.podAffinity, at.child("affinity", "podAffinity")),
    ...selectorWarnings(spec.affinity?.podAntiAffinity, at.child("affinity", "podAntiAffinity")),
    ...addressWarnings(spec, at),
  ];
}
