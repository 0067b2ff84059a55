/** Calls to a container runtime by CRI over gRPC (upstream: cri-client). */
import { join } from "node:path";
import {
  type Client,
  credentials,
  loadPackageDefinition,
  type ServiceClientConstructor,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { loadDefinition } from "../definition.ts";
import type {
  AuthConfig,
  Container,
  ContainerConfig,
  ContainerStatus,
  Image,
  PodSandbox,
  PodSandboxConfig,
  PodSandboxStatus,
  RuntimeCondition,
} from "./messages.ts";

/** What an ExecSync gave. */
export interface ExecResult {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly exitCode: number;
}

/** The calls of the runtime service that the agent makes. All reject with RuntimeError. */
export interface RuntimeService {
  version(): Promise<{ runtimeName: string; runtimeVersion: string }>;
  status(): Promise<RuntimeCondition[]>;
  runPodSandbox(config: PodSandboxConfig): Promise<string>;
  stopPodSandbox(id: string): Promise<void>;
  removePodSandbox(id: string): Promise<void>;
  podSandboxStatus(id: string): Promise<PodSandboxStatus>;
  listPodSandboxes(labels?: Record<string, string>): Promise<PodSandbox[]>;
  createContainer(sandboxId: string, config: ContainerConfig, sandbox: PodSandboxConfig): Promise<string>;
  startContainer(id: string): Promise<void>;
  /** Sends the stop signal, and SIGKILL to what has not gone after so many seconds. */
  stopContainer(id: string, graceSeconds: number): Promise<void>;
  removeContainer(id: string): Promise<void>;
  listContainers(labels?: Record<string, string>): Promise<Container[]>;
  containerStatus(id: string): Promise<ContainerStatus>;
  reopenContainerLog(id: string): Promise<void>;
  execSync(id: string, command: readonly string[], timeoutSeconds: number): Promise<ExecResult>;
  /** A single-use URL of the runtime's own streaming server. */
  exec(id: string, options: StreamOptions & { command: readonly string[] }): Promise<string>;
  attach(id: string, options: StreamOptions): Promise<string>;
  portForward(sandboxId: string, ports: readonly number[]): Promise<string>;
}

/** Which streams a client wants. */
export interface StreamOptions {
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/** The calls of the image service. All reject with RuntimeError. */
export interface ImageService {
  listImages(): Promise<Image[]>;
  /** undefined where the image is not there. */
  imageStatus(image: string): Promise<Image | undefined>;
  /** Gives the image's id. */
  pullImage(image: string, auth?: AuthConfig, sandbox?: PodSandboxConfig): Promise<string>;
  removeImage(image: string): Promise<void>;
}

/** A call that the runtime has refused. */
export class RuntimeError extends Error {
  override name = "RuntimeError";
  /** The gRPC code: 5 NOT_FOUND, 4 DEADLINE_EXCEEDED, 14 UNAVAILABLE, ... */
  readonly code: number;
  constructor(code: number, details: string) {
    // As Go prints a status error: clients see this text in events and waiting messages.
    super(`rpc error: code = ${codeNames[code] ?? code} desc = ${details}`);
    this.code = code;
  }
}

const codeNames: Record<number, string> = {
  1: "Canceled",
  2: "Unknown",
  3: "InvalidArgument",
  4: "DeadlineExceeded",
  5: "NotFound",
  6: "AlreadyExists",
  7: "PermissionDenied",
  8: "ResourceExhausted",
  9: "FailedPrecondition",
  10: "Aborted",
  11: "OutOfRange",
  12: "Unimplemented",
  13: "Internal",
  14: "Unavailable",
  16: "Unauthenticated",
};

/** Whether the thing asked for is not there. */
export const isRuntimeNotFound = (error: unknown) => error instanceof RuntimeError && error.code === status.NOT_FOUND;

/** Whether the runtime could not be reached. */
export const isUnavailable = (error: unknown) => error instanceof RuntimeError && error.code === status.UNAVAILABLE;

const callTimeoutMs = 120_000;
/** A pull may take as long as it moves. */
const pullTimeoutMs = 60 * 60_000;
const maxMessageBytes = 16 * 1024 * 1024;

type Call = (method: string, request: object, timeoutMs?: number) => Promise<Record<string, never>>;

/** A connection to the runtime's socket; both services of it. */
export interface CriClient extends RuntimeService, ImageService {
  close(): void;
}

/** Connects to a Unix socket. Connecting is lazy: calls reject with code 14 while nobody listens. */
export function createCriClient(socket: string): CriClient {
  const definition = loadDefinition(join(import.meta.dirname, "cri.proto"), {
    longs: String,
    enums: String,
    defaults: true,
    arrays: true,
    objects: true,
  });
  const loaded = loadPackageDefinition(definition) as unknown as {
    runtime: { v1: { RuntimeService: ServiceClientConstructor; ImageService: ServiceClientConstructor } };
  };
  const options = {
    "grpc.max_receive_message_length": maxMessageBytes,
    // A killed runtime comes back within a second: don't sleep longer than that between attempts.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1000,
    "grpc.default_authority": "localhost",
  };
  const address = `unix://${socket}`;
  const { RuntimeService, ImageService } = loaded.runtime.v1;
  const runtime = new RuntimeService(address, credentials.createInsecure(), options);
  const images = new ImageService(address, credentials.createInsecure(), options);
  return {
    ...runtimeCalls(caller(runtime)),
    ...imageCalls(caller(images)),
    close() {
      runtime.close();
      images.close();
    },
  };
}

function caller(client: Client): Call {
  const methods = client as unknown as Record<string, (...args: unknown[]) => void>;
  return (method, request, timeoutMs = callTimeoutMs) =>
    new Promise((resolve, reject) => {
      const done = (error: ServiceError | null, response: Record<string, never>) => {
        if (error) reject(new RuntimeError(error.code, error.details));
        else resolve(response);
      };
      methods[method](request, { deadline: Date.now() + timeoutMs }, done);
    });
}

function runtimeCalls(call: Call): RuntimeService {
  return {
    version: async () => (await call("version", { version: "v1" }, 10_000)) as never,
    status: async () => ((await call("status", {}, 10_000)).status as { conditions: RuntimeCondition[] }).conditions,
    runPodSandbox: async (config) => (await call("runPodSandbox", { config })).podSandboxId,
    stopPodSandbox: async (podSandboxId) => void (await call("stopPodSandbox", { podSandboxId })),
    removePodSandbox: async (podSandboxId) => void (await call("removePodSandbox", { podSandboxId })),
    podSandboxStatus: async (podSandboxId) => (await call("podSandboxStatus", { podSandboxId })).status,
    listPodSandboxes: async (labelSelector) => (await call("listPodSandbox", { filter: { labelSelector } })).items,
    createContainer: async (podSandboxId, config, sandboxConfig) =>
      (await call("createContainer", { podSandboxId, config, sandboxConfig })).containerId,
    startContainer: async (containerId) => void (await call("startContainer", { containerId })),
    stopContainer: async (containerId, timeout) =>
      void (await call("stopContainer", { containerId, timeout }, callTimeoutMs + timeout * 1000)),
    removeContainer: async (containerId) => void (await call("removeContainer", { containerId })),
    listContainers: async (labelSelector) => (await call("listContainers", { filter: { labelSelector } })).containers,
    containerStatus: async (containerId) => (await call("containerStatus", { containerId })).status,
    reopenContainerLog: async (containerId) => void (await call("reopenContainerLog", { containerId })),
    execSync: async (containerId, cmd, timeout) =>
      (await call(
        "execSync",
        { containerId, cmd, timeout },
        timeout > 0 ? timeout * 1000 + 10_000 : pullTimeoutMs,
      )) as never,
    exec: async (containerId, { command, ...streams }) =>
      (await call("exec", { containerId, cmd: command, ...streams })).url,
    attach: async (containerId, streams) => (await call("attach", { containerId, ...streams })).url,
    portForward: async (podSandboxId, port) => (await call("portForward", { podSandboxId, port })).url,
  };
}

function imageCalls(call: Call): ImageService {
  return {
    listImages: async () => (await call("listImages", {})).images,
    imageStatus: async (image) => (await call("imageStatus", { image: { image } })).image ?? undefined,
    pullImage: async (image, auth, sandboxConfig) =>
      (await call("pullImage", { image: { image }, auth, sandboxConfig }, pullTimeoutMs)).imageRef,
    removeImage: async (image) => void (await call("removeImage", { image: { image } })),
  };
}
