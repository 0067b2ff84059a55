/**
 * Fields of features that v1.36 has off by default (upstream: pkg/api/pod/util.go, DropDisabledPodFields). They are
 * dropped when an object is read from a client, so that none is ever stored.
 */
import type { PodSpec } from "../../openapi/types/core-v1.ts";

/** Mutates `spec`. */
export function dropDisabledFields(spec: PodSpec): void {
  delete spec.schedulingGroup;
  for (const { projected } of spec.volumes ?? []) {
    for (const source of projected?.sources ?? []) {
      delete source.clusterTrustBundle;
      delete source.podCertificate;
    }
  }
  const { containers, initContainers = [], ephemeralContainers = [] } = spec;
  for (const container of [...containers, ...initContainers, ...ephemeralContainers]) {
    if (container.lifecycle?.stopSignal === undefined) continue;
    const { stopSignal: _, ...rest } = container.lifecycle;
    if (Object.keys(rest).length > 0) container.lifecycle = rest;
    else delete container.lifecycle;
  }
}
