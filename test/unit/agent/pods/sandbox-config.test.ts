import { expect, it } from "vitest";
import { PodFolders } from "../../../../agent/pods/folders.ts";
import { sandboxConfig } from "../../../../agent/pods/sandbox-config.ts";
import type { PodSpec } from "../../../../lib/openapi/types/core-v1.ts";
import { container, pod } from "../objects.ts";

const config = (spec: Partial<PodSpec>) =>
  sandboxConfig(pod(spec), 1, {
    folders: new PodFolders("/data"),
    hostname: "web",
    nodeHostname: "machine",
    dns: { servers: ["10.96.0.10"], searches: [], options: [] },
    cgroupParent: "/coracle/n",
  });

it("names the pod, its logs and its cgroup", () => {
  expect(config({})).toMatchObject({
    metadata: { name: "web", namespace: "shop", uid: "u1", attempt: 1 },
    hostname: "web",
    logDirectory: "/data/logs/shop_web_u1",
    labels: { "io.kubernetes.pod.uid": "u1" },
    linux: { cgroupParent: "/coracle/n/podu1" },
  });
});

it("maps ports of the machine, but not in its own network", () => {
  const ports = [
    { containerPort: 80, hostPort: 8080 },
    { containerPort: 53, hostPort: 53, protocol: "UDP", hostIP: "192.0.2.1" },
    { containerPort: 1 },
  ];
  const containers = [container("main", { ports })];
  expect(config({ containers }).portMappings).toEqual([
    { protocol: "TCP", containerPort: 80, hostPort: 8080, hostIp: "" },
    { protocol: "UDP", containerPort: 53, hostPort: 53, hostIp: "192.0.2.1" },
  ]);
  expect(config({ containers, hostNetwork: true })).toMatchObject({ portMappings: [], hostname: "machine" });
});

it.each([
  { name: "own", spec: {}, want: { network: "POD", pid: "CONTAINER", ipc: "POD" } },
  {
    name: "the machine's",
    spec: { hostNetwork: true, hostPID: true, hostIPC: true },
    want: { network: "NODE", pid: "NODE", ipc: "NODE" },
  },
  { name: "shared pids", spec: { shareProcessNamespace: true }, want: { network: "POD", pid: "POD", ipc: "POD" } },
])("namespaces: $name", ({ spec, want }) => {
  expect(config(spec).linux.securityContext.namespaceOptions).toEqual(want);
});

it("has the pod's sysctls and user", () => {
  const securityContext = { sysctls: [{ name: "net.core.somaxconn", value: "5" }], runAsUser: 7, fsGroup: 8 };
  expect(config({ securityContext }).linux).toMatchObject({
    sysctls: { "net.core.somaxconn": "5" },
    securityContext: { runAsUser: { value: 7 }, supplementalGroups: [8] },
  });
});
