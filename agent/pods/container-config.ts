/** What a container is made from (upstream: kuberuntime_container.go, pkg/securitycontext). */
import type { Container, Pod } from "../../lib/openapi/types/core-v1.ts";
import type { ContainerConfig, Image, LinuxContainerSecurityContext, Mount } from "../runtime/cri/messages.ts";
import { expand } from "./expansion.ts";
import { annotation, containerHash, label } from "./labels.ts";
import { containerResources } from "./resources.ts";
import { namespaceOptions, seccompOf, supplementalGroups } from "./sandbox-config.ts";

/** What a container's configuration depends on besides the pod. */
export interface ContainerPlace {
  readonly restartCount: number;
  /** The full name of the image. */
  readonly imageName: string;
  readonly image: Image;
  readonly env: ReadonlyMap<string, Buffer>;
  readonly mounts: readonly Mount[];
  readonly logPath: string;
  readonly memoryCapacity: number;
  readonly seccompRoot: string;
}

const maskedPaths = [
  "/proc/asound",
  "/proc/acpi",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
  "/sys/devices/virtual/powercap",
];
const readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/** The configuration of a container. Throws an Error, shown as CreateContainerConfigError, where the pod forbids it. */
export function containerConfig(pod: Pod, container: Container, place: ContainerPlace): ContainerConfig {
  const lookup = (name: string) => place.env.get(name)?.toString();
  const each = (list: readonly string[] | undefined) => (list ?? []).map((text) => expand(text, lookup));
  const { name, namespace, uid } = pod.metadata;
  const stop = container.lifecycle?.stopSignal;
  return {
    metadata: { name: container.name, attempt: place.restartCount },
    image: { image: place.image.id, userSpecifiedImage: container.image },
    command: each(container.command),
    args: each(container.args),
    workingDir: container.workingDir ?? "",
    envs: [...place.env].map(([key, value]) => ({ key, value })),
    mounts: [...place.mounts],
    labels: {
      [label.podName]: name,
      [label.podNamespace]: namespace,
      [label.podUid]: uid,
      [label.containerName]: container.name,
    },
    annotations: {
      [annotation.hash]: containerHash(container),
      [annotation.restartCount]: String(place.restartCount),
      [annotation.terminationMessagePath]: container.terminationMessagePath ?? "/dev/termination-log",
      [annotation.terminationMessagePolicy]: container.terminationMessagePolicy ?? "File",
      [annotation.gracePeriod]: String(pod.spec.terminationGracePeriodSeconds ?? 30),
    },
    logPath: place.logPath,
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    ...(stop ? { stopSignal: stop } : {}),
    linux: {
      resources: containerResources(container, pod, place.memoryCapacity),
      securityContext: securityContext(pod, container, place),
    },
  };
}

function securityContext(pod: Pod, container: Container, place: ContainerPlace): LinuxContainerSecurityContext {
  const ofPod = pod.spec.securityContext ?? {};
  const own = container.securityContext ?? {};
  const user = own.runAsUser ?? ofPod.runAsUser;
  const group = own.runAsGroup ?? ofPod.runAsGroup;
  verifyNonRoot(pod, container, user, own.runAsNonRoot ?? ofPod.runAsNonRoot ?? false, place.image);
  const privileged = own.privileged ?? false;
  const imageUser = place.image.uid === null ? undefined : Number(place.image.uid.value);
  const apparmor = own.appArmorProfile ?? ofPod.appArmorProfile;
  const addsAdmin = own.capabilities?.add?.includes("CAP_SYS_ADMIN") ?? false;
  return {
    privileged,
    namespaceOptions: namespaceOptions(pod),
    readonlyRootfs: own.readOnlyRootFilesystem ?? false,
    supplementalGroups: supplementalGroups(pod),
    ...(ofPod.supplementalGroupsPolicy === "Strict" ? { supplementalGroupsPolicy: "Strict" } : {}),
    capabilities: {
      addCapabilities: own.capabilities?.add ?? [],
      dropCapabilities: own.capabilities?.drop ?? [],
    },
    noNewPrivs: own.allowPrivilegeEscalation === false && !privileged && !addsAdmin,
    ...(own.procMount === "Unmasked" ? {} : { maskedPaths, readonlyPaths }),
    ...(privileged ? {} : { seccomp: seccompOf(own.seccompProfile ?? ofPod.seccompProfile, place.seccompRoot) }),
    ...(apparmor === undefined ? {} : { apparmor: appArmorOf(apparmor) }),
    ...(user !== undefined
      ? { runAsUser: { value: user } }
      : imageUser !== undefined
        ? { runAsUser: { value: imageUser } }
        : place.image.username !== ""
          ? { runAsUsername: place.image.username }
          : {}),
    // CRI takes a group only with a user; an image without one runs as root.
    ...(group === undefined ? {} : { runAsGroup: { value: group } }),
    ...(group !== undefined && user === undefined && imageUser === undefined && place.image.username === ""
      ? { runAsUser: { value: 0 } }
      : {}),
  };
}

function appArmorOf({ type, localhostProfile = "" }: { type: string; localhostProfile?: string }) {
  if (type === "Localhost") return { profileType: "Localhost" as const, localhostRef: localhostProfile };
  return { profileType: type === "RuntimeDefault" ? ("RuntimeDefault" as const) : ("Unconfined" as const) };
}

function verifyNonRoot(pod: Pod, container: Container, user: number | undefined, nonRoot: boolean, image: Image): void {
  if (!nonRoot) return;
  const { name, namespace, uid } = pod.metadata;
  const where = `(pod: "${name}_${namespace}(${uid})", container: ${container.name})`;
  if (user !== undefined) {
    if (user === 0) throw new Error(`container's runAsUser breaks non-root policy ${where}`);
    return;
  }
  if (image.uid !== null && Number(image.uid.value) === 0) {
    throw new Error(`container has runAsNonRoot and image will run as root ${where}`);
  }
  if (image.uid === null && image.username !== "") {
    const text = `container has runAsNonRoot and image has non-numeric user (${image.username}), `;
    throw new Error(`${text}cannot verify user is non-root ${where}`);
  }
  if (image.uid === null) throw new Error(`container has runAsNonRoot and image will run as root ${where}`);
}
