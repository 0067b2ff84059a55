/** Objects for the agent's tests. */

import { containerHash } from "../../../agent/pods/labels.ts";
import type { RuntimeContainer, RuntimePod, RuntimeSandbox } from "../../../agent/pods/runtime-pod.ts";
import { deepCopy } from "../../../lib/apimachinery/equality.ts";
import type { Container, Node, Pod, PodSpec, Service } from "../../../lib/openapi/types/core-v1.ts";
import type { EndpointSlice } from "../../../lib/openapi/types/discovery-v1.ts";

export const container = (name: string, more: Partial<Container> = {}): Container => ({
  name,
  image: "app:1",
  ...more,
});

export function pod(spec: Partial<PodSpec> = {}, more: Partial<Pod> = {}): Pod {
  return deepCopy({
    apiVersion: "v1",
    kind: "Pod",
    ...more,
    metadata: {
      name: "web",
      namespace: "shop",
      uid: "u1",
      resourceVersion: "1",
      creationTimestamp: "2026-01-01T00:00:00Z",
      ...more.metadata,
    },
    spec: { containers: [container("main")], restartPolicy: "Always", terminationGracePeriodSeconds: 30, ...spec },
  });
}

export function runtimeContainer(name: string, more: Partial<RuntimeContainer> = {}): RuntimeContainer {
  return {
    id: `${name}-id`,
    name,
    state: "Running",
    restartCount: 0,
    createdAt: 1000,
    startedAt: 1000,
    exitCode: 0,
    image: "app:1",
    imageRef: "sha256:1",
    reason: "",
    message: "",
    hash: containerHash({ name, image: "app:1" }),
    logPath: "",
    ...more,
  };
}

export const exited = (name: string, exitCode: number, more: Partial<RuntimeContainer> = {}) =>
  runtimeContainer(name, { state: "Exited", exitCode, finishedAt: 2000, ...more });

export const sandbox = (more: Partial<RuntimeSandbox> = {}): RuntimeSandbox => ({
  id: "box",
  attempt: 0,
  ready: true,
  createdAt: 500,
  ips: ["10.244.0.5"],
  ...more,
});

export const runtimePod = (containers: RuntimeContainer[] = [], sandboxes = [sandbox()]): RuntimePod => ({
  uid: "u1",
  sandboxes,
  containers,
});

export function node(allocatable: Record<string, string>, more: Partial<Node> = {}): Node {
  const metadata = {
    name: "n",
    uid: "n1",
    resourceVersion: "1",
    creationTimestamp: "2026-01-01T00:00:00Z",
    labels: {},
  };
  return { ...more, metadata: { ...metadata, ...more.metadata }, status: { allocatable, ...more.status } } as Node;
}

const meta = (name: string, namespace = "shop") => ({
  name,
  namespace,
  uid: name,
  resourceVersion: "1",
  creationTimestamp: "2026-01-01T00:00:00Z",
});

export const service = (name: string, spec: Service["spec"], namespace?: string): Service => ({
  metadata: meta(name, namespace),
  spec,
});

export function slice(
  serviceName: string,
  addresses: {
    ip: string;
    node?: string;
    ready?: boolean;
    serving?: boolean;
    terminating?: boolean;
    hostname?: string;
  }[],
  ports: EndpointSlice["ports"] = [{ name: "", port: 8080, protocol: "TCP" }],
): EndpointSlice {
  return {
    metadata: { ...meta(`${serviceName}-1`), labels: { "kubernetes.io/service-name": serviceName } },
    addressType: "IPv4",
    ports,
    endpoints: addresses.map(
      ({ ip, node: nodeName = "n", hostname, ready = true, serving = ready, terminating = false }) => ({
        addresses: [ip],
        nodeName,
        conditions: { ready, serving, terminating },
        ...(hostname ? { hostname } : {}),
      }),
    ),
  };
}
