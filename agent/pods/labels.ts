/** Labels and annotations by which sandboxes and containers are found again (upstream: kubelet/types/labels.go). */
import { createHash } from "node:crypto";
import type { Container } from "../../lib/openapi/types/core-v1.ts";

/** Labels of sandboxes and containers. */
export const label = {
  podName: "io.kubernetes.pod.name",
  podNamespace: "io.kubernetes.pod.namespace",
  podUid: "io.kubernetes.pod.uid",
  containerName: "io.kubernetes.container.name",
} as const;

/** Annotations of containers. */
export const annotation = {
  hash: "io.kubernetes.container.hash",
  restartCount: "io.kubernetes.container.restartCount",
  terminationMessagePath: "io.kubernetes.container.terminationMessagePath",
  terminationMessagePolicy: "io.kubernetes.container.terminationMessagePolicy",
  gracePeriod: "io.kubernetes.pod.terminationGracePeriod",
} as const;

/** A container is made anew when this changes: the image is all of a running pod's spec that may change. */
export function containerHash(container: Pick<Container, "name" | "image">): string {
  return createHash("sha256").update(`${container.name}\0${container.image}`).digest("hex").slice(0, 16);
}
