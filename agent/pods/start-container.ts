/** Makes and starts one container (upstream: kuberuntime.startContainer). */
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Container, Pod, Secret } from "../../lib/openapi/types/core-v1.ts";
import { isUnavailable } from "../runtime/cri/client.ts";
import type { Image, Mount, PodSandboxConfig } from "../runtime/cri/messages.ts";
import { durationText } from "./back-off.ts";
import { containerConfig } from "./container-config.ts";
import { containerEnv } from "./env.ts";
import { expand } from "./expansion.ts";
import type { PodPlace } from "./fields.ts";
import { hostsFile, podHostname } from "./hosts-file.ts";
import { killContainer } from "./kill.ts";
import { runHook } from "./lifecycle.ts";
import { containerFieldPath, type NodeContext, podText } from "./node-context.ts";
import { latestContainer, type RuntimePod } from "./runtime-pod.ts";
import { serviceEnv, servicesForPod } from "./service-env.ts";
import { type MountedVolumes, volumeMounts } from "./volumes/volumes.ts";
import { WaitingError } from "./waiting-error.ts";

/** What a container is started with. */
export interface StartInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly runtime: RuntimePod;
  readonly sandboxId: string;
  readonly sandbox: PodSandboxConfig;
  readonly place: PodPlace;
  readonly mounted: MountedVolumes;
  readonly pullSecrets: readonly Secret[];
}

/** Resolves when it runs and its postStart hook is done. Rejects with WaitingError where it can't be started now. */
export async function startContainer(node: NodeContext, input: StartInput): Promise<void> {
  const { pod, container, runtime, sandboxId, sandbox, pullSecrets } = input;
  const fieldPath = containerFieldPath(pod, container);
  const record = (type: "Normal" | "Warning", reason: string, message: string) =>
    node.recorder.event(pod, type, reason, message, { fieldPath });
  const failed = (reason: string, error: unknown): WaitingError => {
    // A runtime that is away is no fault of the container: nothing is told, it is tried again when it is back.
    const message = detail(error);
    if (!isUnavailable(error)) record("Warning", "Failed", `Error: ${message}`);
    return new WaitingError(reason, message);
  };
  checkCrashBackOff(node, input, record);
  const imageName = await node.images.ensure({ pod, container, pullSecrets, sandbox, record }).catch((error) => {
    if (error instanceof WaitingError && !error.told) record("Warning", "Failed", `Error: ${error.reason}`);
    throw error;
  });
  let restartCount = 0;
  let config: Awaited<ReturnType<typeof configOf>>;
  try {
    restartCount = await restartCountOf(node, pod, container, runtime);
    const image = await node.imageStatus(imageName);
    if (image === undefined) throw new Error(`image "${imageName}" has vanished`);
    config = await configOf(node, input, imageName, image, restartCount);
  } catch (error) {
    throw failed("CreateContainerConfigError", error);
  }
  let id: string;
  try {
    id = await node.runtime.createContainer(sandboxId, config, sandbox);
  } catch (error) {
    throw failed("CreateContainerError", error);
  }
  record("Normal", "Created", "Container created");
  try {
    await node.runtime.startContainer(id);
  } catch (error) {
    throw failed("RunContainerError", error);
  }
  record("Normal", "Started", "Container started");
  await postStart(node, input, id, record);
}

/** What Go's status.Message() gives: the text without the code. */
function detail(error: unknown): string {
  return (error as Error).message.replace(/^rpc error: code = \w+ desc = /, "");
}

function checkCrashBackOff(
  node: NodeContext,
  { pod, container, runtime }: StartInput,
  record: (type: "Warning", reason: string, message: string) => void,
): void {
  const ended = runtime.containers.find(({ name, state }) => name === container.name && state === "Exited");
  if (ended === undefined) return;
  const key = `${pod.metadata.uid}/${container.name}`;
  const endedAt = ended.finishedAt ?? ended.createdAt;
  const until = node.crashBackOff.until(key, endedAt, node.clock.now());
  if (until === undefined) {
    node.crashBackOff.next(key, endedAt);
    return;
  }
  record("Warning", "BackOff", `Back-off restarting failed container ${container.name} in pod ${podText(pod)}`);
  const delay = durationText(node.crashBackOff.get(key));
  const message = `back-off ${delay} restarting failed container=${container.name} pod=${podText(pod)}`;
  throw new WaitingError("CrashLoopBackOff", message, until);
}

/** One more than the last there is; without any, one more than the newest log: containers may have been removed. */
async function restartCountOf(node: NodeContext, pod: Pod, container: Container, runtime: RuntimePod): Promise<number> {
  const last = latestContainer(runtime, container.name);
  if (last !== undefined) return last.restartCount + 1;
  const names = await readdir(join(node.folders.podLogs(pod), container.name)).catch(() => []);
  const counts = names.map((name) => Number(/^(\d+)\.log/.exec(name)?.[1] ?? -1));
  return Math.max(-1, ...counts) + 1;
}

async function configOf(node: NodeContext, input: StartInput, imageName: string, image: Image, restartCount: number) {
  const { pod, container, place } = input;
  await node.servicesSynced;
  const services = servicesForPod(node.services(), pod.metadata.namespace, pod.spec.enableServiceLinks ?? true);
  const env = await containerEnv(pod, container, {
    configMap: (name) => node.references.configMap(pod, name),
    secret: (name) => node.references.secret(pod, name),
    services: serviceEnv(services),
    place,
    allocatable: node.node()?.status?.allocatable ?? {},
  });
  const hostname = input.sandbox.hostname;
  if (!env.has("HOSTNAME")) env.set("HOSTNAME", Buffer.from(hostname));
  const logPath = node.folders.logPath(container.name, restartCount);
  await mkdir(dirname(join(node.folders.podLogs(pod), logPath)), { recursive: true });
  return containerConfig(pod, container, {
    restartCount,
    imageName,
    image,
    env,
    mounts: await mountsOf(node, input, restartCount, env),
    logPath,
    memoryCapacity: node.memoryCapacity,
    seccompRoot: join(node.folders.pods, "..", "seccomp"),
  });
}

async function mountsOf(
  node: NodeContext,
  { pod, container, mounted, place, sandbox }: StartInput,
  restartCount: number,
  env: ReadonlyMap<string, Buffer>,
): Promise<Mount[]> {
  const mounts = await volumeMounts(container, mounted, (text) => expand(text, (name) => env.get(name)?.toString()));
  const { uid } = pod.metadata;
  if (!mounts.some(({ containerPath }) => containerPath === "/etc/hosts")) {
    const file = node.folders.etcHosts(uid);
    const { domain } = podHostname(pod, node.clusterDns.domain);
    const machine = pod.spec.hostNetwork ? await readFile("/etc/hosts", "utf8") : "";
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, hostsFile(pod, sandbox.hostname, domain, place.podIps, machine), { mode: 0o644 });
    mounts.push({ containerPath: "/etc/hosts", hostPath: file });
  }
  const message = container.terminationMessagePath ?? "/dev/termination-log";
  if (message !== "") {
    const file = node.folders.terminationMessage(uid, container.name, restartCount);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, "");
    // Whoever the container runs as may write there.
    await chmod(file, 0o666);
    mounts.push({ containerPath: message, hostPath: file });
  }
  return mounts;
}

async function postStart(
  node: NodeContext,
  { pod, container, place }: StartInput,
  id: string,
  record: (type: "Warning", reason: string, message: string) => void,
): Promise<void> {
  const hook = container.lifecycle?.postStart;
  if (hook === undefined) return;
  const podIp = place.podIps[0] ?? "127.0.0.1";
  try {
    await runHook(hook, { ...node, container, containerId: id, podIp, timeoutMs: Number.POSITIVE_INFINITY });
  } catch (error) {
    record("Warning", "FailedPostStartHook", "PostStartHook failed");
    const started = { id, name: container.name, state: "Running" } as Parameters<typeof killContainer>[3];
    const graceSeconds = pod.spec.terminationGracePeriodSeconds ?? 30;
    await killContainer(node, pod, container, started, { message: "FailedPostStartHook", podIp, graceSeconds });
    throw new WaitingError("PostStartHookError", (error as Error).message);
  }
}
