import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BackOff } from "../../../../agent/pods/back-off.ts";
import { PodFolders } from "../../../../agent/pods/folders.ts";
import { Images } from "../../../../agent/pods/images.ts";
import type { NodeContext } from "../../../../agent/pods/node-context.ts";
import { Pods } from "../../../../agent/pods/pods.ts";
import { Prober } from "../../../../agent/pods/probes/prober.ts";
import { PulledImages } from "../../../../agent/pods/pulled-images.ts";
import { References } from "../../../../agent/pods/references.ts";
import { StatusWriter } from "../../../../agent/pods/status-writer.ts";
import { Tokens } from "../../../../agent/pods/volumes/tokens.ts";
import { Volumes } from "../../../../agent/pods/volumes/volumes.ts";
import { WatchedCopies } from "../../../../agent/transport/direct.ts";
import { systemClock, systemRandom } from "../../../../lib/apimachinery/clock.ts";
import { InformerStore } from "../../../../lib/client/shared-informers.ts";
import type { Pod, PodSpec } from "../../../../lib/openapi/types/core-v1.ts";
import { pods as podResource } from "../../../../lib/openapi/types/resources.ts";
import { FakeApi } from "../../../support/fake-api.ts";
import { FakeRuntime } from "../fake-runtime.ts";
import { container, node, pod } from "../objects.ts";

let folder: string;
let runtime: FakeRuntime;
let api: FakeApi;
let events: string[];
let agents: Pods[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "coracle-pods-"));
  runtime = new FakeRuntime();
  api = new FakeApi(systemClock, systemRandom);
  events = [];
  agents = [];
});

afterEach(async () => {
  for (const agent of agents) await agent.stop();
  await rm(folder, { recursive: true, force: true });
});

/** An agent's pods, told of what the fake API has. */
async function startAgent(): Promise<Pods> {
  const store = new InformerStore<Pod>();
  api.listen(podResource, (event) => store.apply(event as never));
  store.replace(structuredClone(api.all(podResource)), api.revision(podResource));
  let pods: Pods | undefined;
  const onChange = (uid: string) => pods?.wake(uid);
  const options = { clock: systemClock, random: systemRandom, onChange };
  const references = new References({ ...options, copies: new WatchedCopies(api, systemClock, systemRandom) });
  const folders = new PodFolders(folder);
  const context: NodeContext = {
    nodeName: "n",
    hostname: "machine",
    runtime,
    images: new Images(runtime, systemClock, new PulledImages(join(folder, "pulled.json"))),
    imageStatus: (name) => runtime.imageStatus(name),
    volumes: new Volumes({ folders, references, tokens: new Tokens(api, systemClock), allocatable: () => ({}) }),
    references,
    prober: new Prober({ ...options, runtime, record: (_pod, _container, message) => events.push(message) }),
    statuses: new StatusWriter({ client: api, clock: systemClock, onError: (error) => events.push(String(error)) }),
    recorder: { event: (_object, _type, reason, message) => events.push(`${reason} ${message}`) },
    folders,
    clock: systemClock,
    random: systemRandom,
    crashBackOff: new BackOff(10_000, 300_000),
    cgroupParent: "/coracle-test",
    memoryCapacity: 1024 ** 3,
    clusterDns: { servers: ["10.96.0.10"], domain: "cluster.local" },
    machineDns: () => ({ servers: ["192.0.2.53"], searches: [], options: [] }),
    hostIps: () => ["192.0.2.1"],
    node: () => node({ cpu: "2", memory: "1Gi", pods: "10" }),
    services: () => [],
    servicesSynced: Promise.resolve(),
    others: (uid) => pods?.active(uid) ?? [],
    log: (message) => events.push(message),
  };
  pods = new Pods(context, store);
  agents.push(pods);
  await pods.start();
  return pods;
}

const add = (spec: Partial<PodSpec> = {}, name = "web") =>
  api.put(podResource, pod({ nodeName: "n", ...spec }, { metadata: { ...pod().metadata, name, uid: `uid-${name}` } }));
const status = (name = "web") => api.all(podResource).find(({ metadata }) => metadata.name === name)?.status;
const until = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 10 });

describe("a pod", () => {
  it("runs, and says so", async () => {
    await startAgent();
    add();
    await until(() => expect(status()).toMatchObject({ phase: "Running", podIP: "10.244.0.2" }));
    expect(runtime.calls).toEqual(["run web", "create main", "start main"]);
    expect(events).toEqual([
      'Pulled Container image "app:1" already present on machine and can be accessed by the pod',
      "Created Container created",
      "Started Container started",
    ]);
    const { config } = runtime.latest("main") ?? {};
    expect(config?.mounts.map(({ containerPath }) => containerPath)).toEqual(["/etc/hosts", "/dev/termination-log"]);
  });

  it("is deleted for good once nothing of it is left", async () => {
    const agent = await startAgent();
    add({ terminationGracePeriodSeconds: 7 });
    await until(() => expect(status()?.phase).toBe("Running"));
    await api.delete(podResource, { namespace: "shop", name: "web" }, { gracePeriodSeconds: 7 });
    await until(() => expect(api.all(podResource)).toEqual([]));
    expect(runtime.calls.slice(3)).toEqual([
      "stop main 7",
      "stop-sandbox web",
      "remove main",
      "stop-sandbox web",
      "remove-sandbox web",
    ]);
    await until(() => expect(agent.active("")).toEqual([]));
  });

  it("has ended soon after the event, though the runtime's list shows it late", async () => {
    const agent = await startAgent();
    add({ restartPolicy: "Never" });
    await until(() => expect(status()?.phase).toBe("Running"));
    agent.runtimeChanged();
    setTimeout(() => runtime.exit("main", 0), 60);
    // Sooner than the look that comes without an event.
    await vi.waitFor(() => expect(status()?.phase).toBe("Succeeded"), { timeout: 3000, interval: 10 });
  });

  it("has its sidecars ended after its containers", async () => {
    await startAgent();
    add({ initContainers: [container("side", { restartPolicy: "Always" })] });
    await until(() => expect(status()?.phase).toBe("Running"));
    await api.delete(podResource, { namespace: "shop", name: "web" });
    await until(() => expect(api.all(podResource)).toEqual([]));
    const stops = runtime.calls.filter((call) => call.startsWith("stop "));
    expect(stops.map((call) => call.split(" ")[1])).toEqual(["main", "side"]);
  });

  it("runs its init containers one after the other", async () => {
    const agent = await startAgent();
    const started: string[] = [];
    runtime.onStart = ({ metadata }) => {
      started.push(metadata.name);
      if (metadata.name === "main") return;
      setTimeout(() => {
        runtime.exit(metadata.name, 0);
        agent.runtimeChanged();
      }, 10);
    };
    add({ initContainers: [container("one"), container("two")] });
    await until(() => expect(status()?.phase).toBe("Running"));
    expect(started).toEqual(["one", "two", "main"]);
  });

  it("loops with back-off when it crashes", async () => {
    const agent = await startAgent();
    add();
    await until(() => expect(status()?.phase).toBe("Running"));
    runtime.exit("main", 3);
    agent.runtimeChanged();
    await until(() => expect(status()?.containerStatuses?.[0]).toMatchObject({ restartCount: 1, ready: true }));
    runtime.exit("main", 4);
    agent.runtimeChanged();
    await until(() =>
      expect(status()?.containerStatuses?.[0]).toMatchObject({
        ready: false,
        restartCount: 1,
        state: { waiting: { reason: "CrashLoopBackOff" } },
        lastState: { terminated: { exitCode: 4 } },
      }),
    );
    expect(status()?.phase).toBe("Running");
  });

  it.each([
    { exitCode: 0, want: "Succeeded" },
    { exitCode: 1, want: "Failed" },
  ])("that never restarts ends as $want on exit code $exitCode", async ({ exitCode, want }) => {
    const agent = await startAgent();
    add({ restartPolicy: "Never" });
    await until(() => expect(status()?.phase).toBe("Running"));
    runtime.exit("main", exitCode);
    agent.runtimeChanged();
    await until(() => expect(status()?.phase).toBe(want));
    await until(() => expect(runtime.calls).toContain("stop-sandbox web"));
    // Its log can still be read.
    expect(runtime.latest("main")).toBeDefined();
  });

  it("waits for its image", async () => {
    await startAgent();
    add({ containers: [container("main", { image: "none:1" })] });
    const reason = () => status()?.containerStatuses?.[0].state?.waiting?.reason;
    await until(() => expect(reason()).toBe("ErrImagePull"));
    await until(() => expect(reason()).toBe("ImagePullBackOff"));
    expect(events.filter((event) => event === "Failed Error: ErrImagePull")).toHaveLength(1);
    expect(status()?.phase).toBe("Pending");
  });

  it("waits for its ConfigMap", async () => {
    await startAgent();
    add({ containers: [container("main", { envFrom: [{ configMapRef: { name: "cm" } }] })] });
    const want = { reason: "CreateContainerConfigError", message: 'configmap "cm" not found' };
    await until(() => expect(status()?.containerStatuses?.[0].state?.waiting).toEqual(want));
  });

  it("is refused where it does not fit, and runs nothing", async () => {
    await startAgent();
    add({ containers: [container("main", { resources: { requests: { cpu: "64" } } })] });
    await until(() => expect(status()).toMatchObject({ phase: "Failed", reason: "OutOfcpu" }));
    expect(status()?.message).toMatch(/^Pod was rejected: Node didn't have enough resource: cpu/);
    expect(runtime.calls).toEqual([]);
  });

  it("is ended at its deadline", async () => {
    await startAgent();
    add({ activeDeadlineSeconds: 1 });
    await until(() => expect(status()).toMatchObject({ phase: "Failed", reason: "DeadlineExceeded" }));
    expect(runtime.calls).toContain("stop main 30");
  });

  it("gets a new sandbox when its own has died", async () => {
    const agent = await startAgent();
    add();
    await until(() => expect(status()?.phase).toBe("Running"));
    for (const one of runtime.sandboxes.values()) one.state = "SANDBOX_NOTREADY";
    runtime.exit("main", 137);
    agent.runtimeChanged();
    await until(() => expect(status()?.podIP).toBe("10.244.0.4"));
    expect(events).toContain("SandboxChanged Pod sandbox changed, it will be killed and re-created.");
  });

  it("has a container restarted that fails its liveness probe", async () => {
    await startAgent();
    const livenessProbe = { exec: { command: ["false", "bad"] }, periodSeconds: 1, failureThreshold: 1 };
    add({ containers: [container("main", { livenessProbe })] });
    await until(() => expect(runtime.calls.filter((call) => call === "start main").length).toBeGreaterThan(1));
    expect(events).toContain("Liveness probe failed: bad");
    expect(events).toContain("Killing Container main failed liveness probe, will be restarted");
  });

  it("is ready when its readiness probe has passed", async () => {
    await startAgent();
    add({ containers: [container("main", { readinessProbe: { exec: { command: ["true"] } } })] });
    await until(() => expect(status()?.containerStatuses?.[0]).toMatchObject({ ready: true }));
  });
});

describe("an agent that starts", () => {
  it("adopts what runs", async () => {
    const first = await startAgent();
    add();
    await until(() => expect(status()?.phase).toBe("Running"));
    await first.stop();
    const calls = runtime.calls.length;
    const second = await startAgent();
    await until(() => expect(second.active("")).toHaveLength(1));
    runtime.exit("main", 1);
    second.runtimeChanged();
    await until(() => expect(status()?.containerStatuses?.[0].restartCount).toBe(1));
    expect(runtime.calls.slice(calls)).toEqual(["create main", "start main"]);
  });

  it("removes pods that were deleted meanwhile, and their folders", async () => {
    const first = await startAgent();
    add();
    await until(() => expect(status()?.phase).toBe("Running"));
    await first.stop();
    api.remove(podResource, { namespace: "shop", name: "web" });
    await mkdir(join(folder, "pods", "old-uid"), { recursive: true });
    await writeFile(join(folder, "pods", "old-uid", "x"), "");
    await startAgent();
    await until(() => expect([runtime.sandboxes.size, runtime.containers.size]).toEqual([0, 0]));
  });
});

it("removes old dead containers but for the last", async () => {
  const agent = await startAgent();
  add({ restartPolicy: "Always" });
  await until(() => expect(status()?.phase).toBe("Running"));
  runtime.exit("main", 0);
  const [first] = runtime.containers.values();
  for (const id of ["old-1", "old-2"]) runtime.containers.set(id, { ...first, id, createdAt: "1" });
  agent.runtimeChanged();
  await until(() => {
    agent.runtimeChanged();
    expect([...runtime.containers.keys()].filter((id) => id.startsWith("old"))).toHaveLength(0);
  });
  expect(runtime.containers.size).toBe(2);
});
