/** A container runtime in memory: enough of CRI for the agent's tests. */
import {
  type ExecResult,
  type ImageService,
  RuntimeError,
  type RuntimeService,
} from "../../../agent/runtime/cri/client.ts";
import type {
  Container,
  ContainerConfig,
  Image,
  PodSandbox,
  PodSandboxConfig,
} from "../../../agent/runtime/cri/messages.ts";

interface FakeContainer extends Container {
  config: ContainerConfig;
  startedAt: string;
  finishedAt: string;
  exitCode: number;
}

const nanoseconds = (ms: number) => String(BigInt(ms) * 1_000_000n);
const fits = (labels: Record<string, string>, wanted: Record<string, string> = {}) =>
  Object.entries(wanted).every(([key, value]) => labels[key] === value);

/** The runtime. Tests end containers with `exit` and look at `calls`. */
export class FakeRuntime implements RuntimeService, ImageService {
  readonly calls: string[] = [];
  readonly containers = new Map<string, FakeContainer>();
  readonly sandboxes = new Map<string, PodSandbox & { config: PodSandboxConfig; ip: string }>();
  readonly images = new Set(["docker.io/library/app:1"]);
  /** Called on each start; what it throws is the start's failure. */
  onStart: (config: ContainerConfig) => void = () => {};
  #next = 0;
  #time = 1_000_000;

  /** The container of a name that was made last. */
  latest(name: string): FakeContainer | undefined {
    return [...this.containers.values()].findLast(({ metadata }) => metadata.name === name);
  }

  /** Ends a container by itself. */
  exit(name: string, exitCode: number): void {
    const found = this.latest(name);
    if (found) Object.assign(found, { state: "CONTAINER_EXITED", exitCode, finishedAt: nanoseconds(Date.now()) });
  }

  async version() {
    return { runtimeName: "fake", runtimeVersion: "1" };
  }

  async status() {
    return ["RuntimeReady", "NetworkReady"].map((type) => ({ type, status: true, reason: "", message: "" }));
  }

  async runPodSandbox(config: PodSandboxConfig): Promise<string> {
    const id = `box-${++this.#next}`;
    this.calls.push(`run ${config.metadata.name}`);
    this.sandboxes.set(id, {
      id,
      metadata: config.metadata,
      state: "SANDBOX_READY",
      createdAt: nanoseconds(++this.#time),
      labels: config.labels,
      annotations: {},
      config,
      ip: `10.244.0.${this.#next + 1}`,
    });
    return id;
  }

  async stopPodSandbox(id: string): Promise<void> {
    this.calls.push(`stop-sandbox ${this.#sandbox(id).metadata.name}`);
    this.#sandbox(id).state = "SANDBOX_NOTREADY";
  }

  async removePodSandbox(id: string): Promise<void> {
    this.calls.push(`remove-sandbox ${this.#sandbox(id).metadata.name}`);
    this.sandboxes.delete(id);
  }

  async podSandboxStatus(id: string) {
    const found = this.#sandbox(id);
    return { ...found, network: { ip: found.ip, additionalIps: [] } };
  }

  async listPodSandboxes(labels?: Record<string, string>) {
    return [...this.sandboxes.values()].filter((one) => fits(one.labels, labels));
  }

  async createContainer(podSandboxId: string, config: ContainerConfig): Promise<string> {
    const id = `c-${++this.#next}`;
    this.calls.push(`create ${config.metadata.name}`);
    this.containers.set(id, {
      id,
      podSandboxId,
      metadata: config.metadata,
      state: "CONTAINER_CREATED",
      createdAt: nanoseconds(++this.#time),
      labels: config.labels,
      annotations: config.annotations,
      config,
      startedAt: "0",
      finishedAt: "0",
      exitCode: 0,
    });
    return id;
  }

  async startContainer(id: string): Promise<void> {
    const found = this.#container(id);
    this.calls.push(`start ${found.metadata.name}`);
    this.onStart(found.config);
    found.state = "CONTAINER_RUNNING";
    found.startedAt = nanoseconds(Date.now());
  }

  async stopContainer(id: string, graceSeconds: number): Promise<void> {
    const found = this.#container(id);
    this.calls.push(`stop ${found.metadata.name} ${graceSeconds}`);
    if (found.state === "CONTAINER_RUNNING") this.exit(found.metadata.name, 143);
  }

  async removeContainer(id: string): Promise<void> {
    this.calls.push(`remove ${this.#container(id).metadata.name}`);
    this.containers.delete(id);
  }

  async listContainers(labels?: Record<string, string>) {
    return [...this.containers.values()].filter((one) => fits(one.labels, labels));
  }

  async containerStatus(id: string) {
    const found = this.#container(id);
    return {
      ...found,
      image: { image: "app:1" },
      imageRef: "sha256:1",
      imageId: "sha256:1",
      reason: found.state === "CONTAINER_EXITED" ? (found.exitCode === 0 ? "Completed" : "Error") : "",
      message: "",
      logPath: found.config.logPath,
    };
  }

  async reopenContainerLog(id: string): Promise<void> {
    this.calls.push(`reopen ${this.#container(id).metadata.name}`);
  }

  async execSync(id: string, command: readonly string[]): Promise<ExecResult> {
    this.calls.push(`exec ${this.#container(id).metadata.name} ${command.join(" ")}`);
    const exitCode = command[0] === "false" ? 1 : 0;
    return { stdout: Buffer.from(command.slice(1).join(" ")), stderr: Buffer.alloc(0), exitCode };
  }

  async exec(): Promise<string> {
    return "http://127.0.0.1/exec";
  }

  async attach(): Promise<string> {
    return "http://127.0.0.1/attach";
  }

  async portForward(): Promise<string> {
    return "http://127.0.0.1/portforward";
  }

  async listImages(): Promise<Image[]> {
    return [];
  }

  async imageStatus(name: string): Promise<Image | undefined> {
    if (!this.images.has(name)) return undefined;
    return { id: "sha256:1", repoTags: [name], repoDigests: [], size: "1", uid: null, username: "" };
  }

  async pullImage(name: string): Promise<string> {
    this.calls.push(`pull ${name}`);
    throw new RuntimeError(5, `${name}: not found`);
  }

  async removeImage(name: string): Promise<void> {
    this.images.delete(name);
  }

  #sandbox(id: string) {
    const found = this.sandboxes.get(id);
    if (!found) throw new RuntimeError(5, `sandbox ${id} not found`);
    return found;
  }

  #container(id: string): FakeContainer {
    const found = this.containers.get(id);
    if (!found) throw new RuntimeError(5, `container ${id} not found`);
    return found;
  }
}
