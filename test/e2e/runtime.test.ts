/** The container runtime client against a real containerd: what a fake runtime cannot show. */
import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { bridgeMac } from "../../agent/network/machine.ts";
import { watchContainerEvents } from "../../agent/runtime/containerd/events.ts";
import { isRuntimeNotFound } from "../../agent/runtime/cri/client.ts";
import type { ContainerConfig, PodSandboxConfig } from "../../agent/runtime/cri/messages.ts";
import { systemClock } from "../../lib/apimachinery/clock.ts";
import { busyboxImage } from "./support/busybox-image.ts";
import { startContainerd, type TestContainerd } from "./support/containerd.ts";
import { type Registry, startRegistry } from "./support/registry.ts";

const image = "lab.local/busybox:1";
let node: TestContainerd;
let open: Registry;
let secret: Registry;

beforeAll(async () => {
  [node, open, secret] = await Promise.all([
    startContainerd(),
    startRegistry(),
    startRegistry({ name: "puller", password: "s3cret" }),
  ]);
  await Promise.all([
    node.importImage(busyboxImage(), image),
    open.push(busyboxImage(), "lab/busybox", "1"),
    secret.push(busyboxImage(), "private/busybox", "1"),
  ]);
}, 60_000);
afterAll(async () => {
  await node?.stop();
  await Promise.all([open?.stop(), secret?.stop()]);
}, 60_000);

const sandboxOf = (name: string): PodSandboxConfig => ({
  metadata: { name, uid: name, namespace: "default", attempt: 0 },
  hostname: name,
  logDirectory: `${node.dataDir}/logs/${name}`,
  labels: { name },
  annotations: {},
  linux: { cgroupParent: `/${node.network.bridge}/${name}`, securityContext: { namespaceOptions: {} } },
});
const containerOf = (command: string[]): ContainerConfig => ({
  metadata: { name: "main", attempt: 0 },
  image: { image },
  command,
  args: [],
  workingDir: "",
  envs: [{ key: "GREETING", value: Buffer.from("hello") }],
  mounts: [],
  labels: {},
  annotations: {},
  logPath: "main.log",
  stdin: false,
  stdinOnce: false,
  tty: false,
  linux: { resources: {}, securityContext: { namespaceOptions: {} } },
});

async function start(name: string, command: string[]): Promise<{ box: string; id: string }> {
  const { runtime } = node;
  const config = sandboxOf(name);
  const box = await runtime.runPodSandbox(config);
  const id = await runtime.createContainer(box, containerOf(command), config);
  await runtime.startContainer(id);
  return { box, id };
}

describe("a container", () => {
  it("runs in a sandbox that was made from nothing, and its end is told at once", async () => {
    const { runtime } = node;
    const stop = new AbortController();
    const happened = vi.fn();
    const watching = watchContainerEvents(node.socket, happened, systemClock, stop.signal);
    const { box, id } = await start("one", ["sh", "-c", "echo $GREETING; exit 7"]);
    await vi.waitFor(async () => {
      expect(await runtime.containerStatus(id)).toMatchObject({ state: "CONTAINER_EXITED", exitCode: 7 });
    });
    expect((await runtime.podSandboxStatus(box)).network?.ip).toMatch(/^10\./);
    stop.abort();
    await watching;
    // The stream's opening, the start and the end.
    expect(happened.mock.calls.length).toBeGreaterThanOrEqual(3);
  });

  it("is asked by exec, and stopped", async () => {
    const { runtime } = node;
    const { id } = await start("two", ["sleep", "1000"]);
    const { stdout, exitCode } = await runtime.execSync(id, ["sh", "-c", "echo $GREETING; exit 3"], 5);
    expect([stdout.toString(), exitCode]).toEqual(["hello\n", 3]);
    await expect(runtime.execSync(id, ["sleep", "10"], 1)).rejects.toMatchObject({ code: 4 });
    await runtime.stopContainer(id, 0);
    expect(await runtime.containerStatus(id)).toMatchObject({ state: "CONTAINER_EXITED", exitCode: 137 });
  });

  it("leaves the bridge its hardware address, whoever comes and goes", () => {
    const { bridge, gateway } = node.network;
    expect(readFileSync(`/sys/class/net/${bridge}/address`, "utf8").trim()).toBe(bridgeMac(gateway));
  });

  it("runs on when containerd is killed, and is found again", async () => {
    const { runtime } = node;
    const { id } = await start("three", ["sleep", "1000"]);
    await node.kill();
    await expect(runtime.version()).rejects.toMatchObject({ code: 14 });
    await node.start();
    expect(await runtime.containerStatus(id)).toMatchObject({ state: "CONTAINER_RUNNING" });
  });
});

describe("an image", () => {
  it("is pulled from a registry", async () => {
    const name = `${open.host}/lab/busybox:1`;
    await node.runtime.pullImage(name);
    expect(await node.runtime.imageStatus(name)).toMatchObject({ repoTags: expect.arrayContaining([name]) });
  });

  it("of a private registry needs its user", async () => {
    const name = `${secret.host}/private/busybox:1`;
    await expect(node.runtime.pullImage(name)).rejects.toThrow(/401 Unauthorized/);
    await node.runtime.pullImage(name, { username: "puller", password: "s3cret" });
    expect(await node.runtime.imageStatus(name)).toBeDefined();
  });

  it("that is not there is told", async () => {
    const pull = node.runtime.pullImage(`${open.host}/lab/none:1`);
    await expect(pull).rejects.toSatisfy(isRuntimeNotFound);
    expect(await node.runtime.imageStatus("lab.local/none:1")).toBeUndefined();
  });
});

it("leaves nothing behind when it is removed", async () => {
  const other = await startContainerd();
  const { bridge } = other.network;
  expect(existsSync(`/sys/class/net/${bridge}`)).toBe(true);
  await other.stop();
  expect([existsSync(`/sys/class/net/${bridge}`), existsSync(other.dataDir), existsSync(other.socket)]).toEqual([
    false,
    false,
    false,
  ]);
}, 60_000);
