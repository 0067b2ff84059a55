/** What clients are warned of in a PodSpec (upstream: pkg/api/pod/warnings.go). */

import { deepEqual } from "../../apimachinery/equality.ts";
import type { Path } from "../../apimachinery/validation/field.ts";
import type { PodSpec } from "../../openapi/types/core-v1.ts";

const oldNodeLabels: Record<string, string> = {
  "beta.kubernetes.io/arch": "kubernetes.io/arch",
  "beta.kubernetes.io/os": "kubernetes.io/os",
  "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
  "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type",
};

const oldVolumes: Record<string, string> = {
  gitRepo: "deprecated in v1.11, and disabled by default in v1.33+",
  scaleIO: "deprecated in v1.16, non-functional in v1.22+",
  flocker: "deprecated in v1.22, non-functional in v1.25+",
  storageos: "deprecated in v1.22, non-functional in v1.25+",
  quobyte: "deprecated in v1.22, non-functional in v1.25+",
  glusterfs: "deprecated in v1.25, non-functional in v1.26+",
  cephfs: "deprecated in v1.28, non-functional in v1.31+",
  rbd: "deprecated in v1.28, non-functional in v1.31+",
};

function duplicates(names: readonly string[], at: (index: number) => string): string[] {
  const seen = new Map<string, number>();
  return names.flatMap((name, index) => {
    const first = seen.get(name);
    seen.set(name, first ?? index);
    return first === undefined ? [] : [at(index)];
  });
}

/** Warnings about a spec; one that `old` already deserved is not said again. */
export function podSpecWarnings(spec: PodSpec, path: Path, old?: PodSpec): string[] {
  if (old && deepEqual(spec, old)) return [];
  const warnings: string[] = [];
  for (const key of Object.keys(spec.nodeSelector ?? {})) {
    if (oldNodeLabels[key])
      warnings.push(
        `${path.child("nodeSelector").key(key)}: deprecated since v1.14; use "${oldNodeLabels[key]}" instead`,
      );
  }
  for (const [index, volume] of (spec.volumes ?? []).entries()) {
    for (const [source, text] of Object.entries(oldVolumes)) {
      if (source in volume) warnings.push(`${path.child("volumes").index(index).child(source)}: ${text}`);
    }
  }
  for (const [index, { name }] of (spec.imagePullSecrets ?? []).entries()) {
    if (!name) warnings.push(`${path.child("imagePullSecrets").index(index)}: invalid empty name ""`);
  }
  for (const [list, containers] of [
    ["initContainers", spec.initContainers],
    ["containers", spec.containers],
  ] as const) {
    for (const [index, container] of (containers ?? []).entries()) {
      const at = path.child(list).index(index);
      const names = (container.env ?? []).map(({ name }) => name);
      warnings.push(
        ...duplicates(names, (place) => {
          const env = at.child("env").index(place);
          return `${env}: hides previous definition of "${names[place]}", which may be dropped when using apply`;
        }),
      );
      for (const part of ["limits", "requests"] as const) {
        const ephemeral = container.resources?.[part]?.["ephemeral-storage"];
        if (ephemeral?.endsWith("m")) {
          warnings.push(
            `${at.child("resources", part).key("ephemeral-storage")}: fractional byte value "${ephemeral}" is invalid, must be an integer`,
          );
        }
        const memory = container.resources?.[part]?.memory;
        if (memory?.endsWith("m")) {
          warnings.push(
            `${at.child("resources", part).key("memory")}: fractional byte value "${memory}" is invalid, must be an integer`,
          );
        }
      }
    }
  }
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    warnings.push(
      `${path.child("terminationGracePeriodSeconds")}: must be >= 0; negative values are invalid and will be treated as 1`,
    );
  }
  return warnings;
}
