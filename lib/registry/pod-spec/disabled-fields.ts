/** Fields of features that v1.36 has off by default: they are dropped, unless the old pod has them (upstream: pkg/api/pod/util.go). */
import type { PodSpec, VolumeProjection } from "../../openapi/types/core-v1.ts";

const projectionsOf = ({ volumes = [] }: PodSpec): VolumeProjection[] =>
  volumes.flatMap(({ projected }) => projected?.sources ?? []);

const lifecyclesOf = ({ containers, initContainers = [], ephemeralContainers = [] }: PodSpec) =>
  [...containers, ...initContainers, ...ephemeralContainers].filter(({ lifecycle }) => lifecycle?.stopSignal);

/** Mutates `spec`. */
export function dropDisabledFields(spec: PodSpec, old?: PodSpec): void {
  for (const name of ["clusterTrustBundle", "podCertificate"] as const) {
    if (old && projectionsOf(old).some((source) => source[name])) continue;
    for (const source of projectionsOf(spec)) delete source[name];
  }
  if (!old?.schedulingGroup) delete spec.schedulingGroup;
  if (old && lifecyclesOf(old).length > 0) return;
  for (const container of lifecyclesOf(spec)) {
    const { stopSignal: _, ...rest } = container.lifecycle ?? {};
    if (Object.keys(rest).length > 0) container.lifecycle = rest;
    else delete container.lifecycle;
  }
}
