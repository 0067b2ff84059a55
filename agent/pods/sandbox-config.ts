/** What a pod's sandbox is made from (upstream: kuberuntime_sandbox.go). */
import type { Pod, SeccompProfile } from "../../lib/openapi/types/core-v1.ts";
import type { NamespaceOption, PodSandboxConfig, PortMapping, SecurityProfile } from "../runtime/cri/messages.ts";
import type { ResolvConf } from "./dns-config.ts";
import type { PodFolders } from "./folders.ts";
import { label } from "./labels.ts";
import { podCgroup } from "./resources.ts";

/** What a sandbox's configuration depends on besides the pod. */
export interface SandboxPlace {
  readonly folders: PodFolders;
  readonly hostname: string;
  readonly nodeHostname: string;
  readonly dns: ResolvConf;
  readonly cgroupParent: string;
}

/** The namespaces of a pod's sandbox and containers. */
export function namespaceOptions({ spec }: Pick<Pod, "spec">): NamespaceOption {
  return {
    network: spec.hostNetwork ? "NODE" : "POD",
    pid: spec.hostPID ? "NODE" : spec.shareProcessNamespace ? "POD" : "CONTAINER",
    ipc: spec.hostIPC ? "NODE" : "POD",
  };
}

/** A pod's or container's seccomp profile as CRI has it; undefined means unconfined. */
export function seccompOf(profile: SeccompProfile | undefined, root: string): SecurityProfile | undefined {
  if (profile === undefined || profile.type === "Unconfined") return { profileType: "Unconfined" };
  if (profile.type === "RuntimeDefault") return { profileType: "RuntimeDefault" };
  return { profileType: "Localhost", localhostRef: `${root}/${profile.localhostProfile ?? ""}` };
}

/** The configuration of a sandbox. */
export function sandboxConfig(pod: Pod, attempt: number, place: SandboxPlace): PodSandboxConfig {
  const { name, namespace, uid, labels = {}, annotations = {} } = pod.metadata;
  const security = pod.spec.securityContext;
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const privileged = containers.some((container) => container.securityContext?.privileged);
  return {
    metadata: { name, uid, namespace, attempt },
    hostname: pod.spec.hostNetwork ? place.nodeHostname : place.hostname,
    logDirectory: place.folders.podLogs(pod),
    dnsConfig: place.dns,
    portMappings: portMappings(pod),
    labels: { ...labels, [label.podName]: name, [label.podNamespace]: namespace, [label.podUid]: uid },
    annotations,
    linux: {
      cgroupParent: podCgroup(place.cgroupParent, pod),
      sysctls: Object.fromEntries((security?.sysctls ?? []).map((one) => [one.name, one.value])),
      securityContext: {
        namespaceOptions: namespaceOptions(pod),
        privileged,
        supplementalGroups: supplementalGroups(pod),
        // The sandbox's own process always runs confined as the runtime would have it, as upstream's does.
        seccomp: { profileType: "RuntimeDefault" },
        ...(security?.runAsUser === undefined ? {} : { runAsUser: { value: security.runAsUser } }),
        ...(security?.runAsUser !== undefined && security.runAsGroup !== undefined
          ? { runAsGroup: { value: security.runAsGroup } }
          : {}),
      },
    },
  };
}

/** The groups that all of a pod's processes have besides their own. */
export function supplementalGroups(pod: Pod): number[] {
  const { fsGroup, supplementalGroups: groups = [] } = pod.spec.securityContext ?? {};
  return fsGroup === undefined ? groups : [fsGroup, ...groups];
}

function portMappings(pod: Pod): PortMapping[] {
  if (pod.spec.hostNetwork) return [];
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
  return [...pod.spec.containers, ...sidecars].flatMap(({ ports = [] }) =>
    ports
      .filter(({ hostPort }) => hostPort !== undefined && hostPort > 0)
      .map(({ protocol = "TCP", containerPort, hostPort = 0, hostIP = "" }) => ({
        protocol: protocol as PortMapping["protocol"],
        containerPort,
        hostPort,
        hostIp: hostIP,
      })),
  );
}
