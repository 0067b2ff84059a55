/** Pods and nodes for scheduler tests. */
import type { Node, Pod, PodSpec } from "../../../../lib/openapi/types/core-v1.ts";

let serial = 0;
const meta = (name: string) => ({
  name,
  uid: `${name}-${++serial}`,
  resourceVersion: "1",
  creationTimestamp: "2026-01-01T00:00:00Z",
});

/** A node with 2 cpus, 4 GiB and room for 110 pods. */
export function node(
  name: string,
  more: { spec?: Node["spec"]; labels?: Record<string, string>; cpu?: string } = {},
): Node {
  const allocatable = { cpu: more.cpu ?? "2", memory: "4Gi", pods: "110" };
  return { metadata: { ...meta(name), labels: more.labels }, spec: more.spec ?? {}, status: { allocatable } };
}

/** A pod that asks for `requests`. */
export function pod(name: string, requests: Record<string, string> = {}, spec: Partial<PodSpec> = {}): Pod {
  const containers = [{ name: "c", image: "i", resources: { requests } }];
  return { metadata: { ...meta(name), namespace: "d" }, spec: { containers, ...spec } };
}
