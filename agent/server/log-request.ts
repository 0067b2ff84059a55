/** The request for a container's log: its parameters, and whose log it is (upstream: kubelet_pods.go). */
import type { ContainerStatus, Pod } from "../../lib/openapi/types/core-v1.ts";
import { type RuntimeContainer, readRuntimePod } from "../pods/runtime-pod.ts";
import type { RuntimeService } from "../runtime/cri/client.ts";
import type { LogOptions } from "./log-reader.ts";

/** A refusal with an HTTP code; the text is for the user. */
export class RequestError extends Error {
  override name = "RequestError";
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** The options that the query asks for, and whether the previous container's log is wanted. */
export function logOptions(query: URLSearchParams, now: number): LogOptions & { previous: boolean } {
  const flag = (name: string) => query.get(name) === "true" || query.get(name) === "1";
  const seconds = number(query, "sinceSeconds");
  const sinceTime = query.get("sinceTime");
  const since = sinceTime ? Date.parse(sinceTime) : seconds === undefined ? undefined : now - seconds * 1000;
  if (since !== undefined && Number.isNaN(since)) throw new RequestError(400, `sinceTime is no time: ${sinceTime}`);
  const stream = query.get("stream");
  return {
    previous: flag("previous"),
    follow: flag("follow"),
    timestamps: flag("timestamps"),
    tailLines: number(query, "tailLines"),
    limitBytes: number(query, "limitBytes"),
    since,
    ...(stream === "Stdout" ? { stream: "stdout" } : stream === "Stderr" ? { stream: "stderr" } : {}),
  };
}

function number(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw new RequestError(400, `${name} takes a whole number, not ${JSON.stringify(text)}`);
  return value;
}

/** The container whose log is wanted. Rejects with RequestError where there is none (yet). */
export async function loggedContainer(
  runtime: RuntimeService,
  pod: Pod,
  name: string,
  previous: boolean,
): Promise<RuntimeContainer> {
  const known = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].some(
    (container) => container.name === name,
  );
  if (!known) throw new RequestError(400, `container ${name} is not valid for pod ${pod.metadata.name}`);
  const found = await readRuntimePod(runtime, pod.metadata.uid);
  const own = found.containers.filter((container) => container.name === name);
  if (previous) {
    // The one before the newest; a newest that waits to be started again is itself the previous one.
    const waits = statusOf(pod, name)?.state?.waiting !== undefined;
    const last = waits ? own[0] : own[1];
    if (last?.state === "Exited") return last;
    throw new RequestError(400, `previous terminated container "${name}" in pod "${pod.metadata.name}" not found`);
  }
  const [newest] = own;
  if (newest && newest.state !== "Created") return newest;
  const waiting = statusOf(pod, name)?.state?.waiting;
  const reason = waiting?.reason ?? "ContainerCreating";
  if (reason === "ErrImagePull" || reason === "ImagePullBackOff" || reason === "ErrImageNeverPull") {
    const text = `container "${name}" in pod "${pod.metadata.name}" is waiting to start: `;
    throw new RequestError(
      400,
      text + (reason === "ErrImagePull" ? "image can't be pulled" : "trying and failing to pull image"),
    );
  }
  throw new RequestError(400, `container "${name}" in pod "${pod.metadata.name}" is waiting to start: ${reason}`);
}

function statusOf(pod: Pod, name: string): ContainerStatus | undefined {
  const all = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  return all.find((status) => status.name === name);
}
