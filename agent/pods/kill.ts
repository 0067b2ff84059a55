/** Ends containers and whole pods (upstream: kuberuntime_container.go, killContainer). */
import type { Container, Pod } from "../../lib/openapi/types/core-v1.ts";
import { isRuntimeNotFound } from "../runtime/cri/client.ts";
import { isSidecar } from "./actions.ts";
import { runHook } from "./lifecycle.ts";
import { containerFieldPath, type NodeContext } from "./node-context.ts";
import type { RuntimeContainer, RuntimePod } from "./runtime-pod.ts";

/** How to end a container. */
export interface KillOptions {
  readonly message?: string;
  readonly podIp: string;
  readonly graceSeconds: number;
}

const minimumGraceSeconds = 2;

/** Runs the preStop hook, then stops the container; both within the grace period. Rejects where it still runs. */
export async function killContainer(
  node: NodeContext,
  pod: Pod,
  spec: Container | undefined,
  container: RuntimeContainer,
  { message, podIp, graceSeconds }: KillOptions,
): Promise<void> {
  if (spec) {
    const text = message || `Stopping container ${container.name}`;
    node.recorder.event(pod, "Normal", "Killing", text, { fieldPath: containerFieldPath(pod, spec) });
  }
  let left = graceSeconds;
  const preStop = spec?.lifecycle?.preStop;
  if (spec && preStop && graceSeconds > 0) {
    const startedAt = node.clock.now();
    const timeoutMs = graceSeconds * 1000;
    const hook = runHook(preStop, { ...node, container: spec, containerId: container.id, podIp, timeoutMs });
    try {
      await Promise.race([hook, node.clock.sleep(timeoutMs)]);
    } catch (error) {
      const fieldPath = containerFieldPath(pod, spec);
      node.recorder.event(pod, "Warning", "FailedPreStopHook", "PreStopHook failed", { fieldPath });
      node.log(`preStop hook of ${pod.metadata.namespace}/${pod.metadata.name} failed`, error);
    }
    left -= Math.floor((node.clock.now() - startedAt) / 1000);
  }
  const asked = graceSeconds === 0 ? 0 : Math.max(left, minimumGraceSeconds);
  try {
    await node.runtime.stopContainer(container.id, graceSeconds <= 0 ? 0 : asked);
  } catch (error) {
    if (!isRuntimeNotFound(error)) throw error;
  }
}

/** Ends all of a pod's containers, sidecars after the others and the last one first; then the sandboxes. */
export async function killPod(node: NodeContext, pod: Pod, runtime: RuntimePod, graceSeconds: number): Promise<void> {
  const startedAt = node.clock.now();
  const podIp = runtime.sandboxes[0]?.ips[0] ?? node.hostIps()[0] ?? "127.0.0.1";
  const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const specOf = (name: string) => all.find((spec) => spec.name === name);
  const alive = runtime.containers.filter(({ state }) => state === "Running" || state === "Unknown");
  const left = () => Math.max(0, graceSeconds - Math.floor((node.clock.now() - startedAt) / 1000));
  const isLate = ({ name }: RuntimeContainer) => {
    const spec = specOf(name);
    return spec !== undefined && isSidecar(spec) && (pod.spec.initContainers ?? []).includes(spec);
  };
  const kill = (one: RuntimeContainer) =>
    killContainer(node, pod, specOf(one.name), one, { podIp, graceSeconds: left() });
  await Promise.all(alive.filter((one) => !isLate(one)).map(kill));
  const order = (pod.spec.initContainers ?? []).map(({ name }) => name).reverse();
  const late = alive.filter(isLate).sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  for (const one of late) await kill(one);
  for (const { id, ready } of runtime.sandboxes) if (ready) await orGone(node.runtime.stopPodSandbox(id));
}

/** Removes all containers and sandboxes of a pod that has ended. */
export async function removePod(node: NodeContext, runtime: RuntimePod): Promise<void> {
  await Promise.all(runtime.containers.map(({ id }) => orGone(node.runtime.removeContainer(id))));
  for (const { id } of runtime.sandboxes) {
    await orGone(node.runtime.stopPodSandbox(id));
    await orGone(node.runtime.removePodSandbox(id));
  }
}

async function orGone(call: Promise<void>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isRuntimeNotFound(error)) throw error;
  }
}
