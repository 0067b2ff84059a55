/** What `coracle up` and `coracle down` say and do where something is wrong, and what they leave behind. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { podNetwork } from "../../agent/network/cni.ts";
import { nodeLayout } from "../../agent/runtime/containerd/prepare.ts";
import { commandLine, isAlive } from "../../lib/local/process.ts";
import type { Node } from "../../lib/openapi/types/core-v1.ts";
import { httpdImage } from "./support/busybox-image.ts";
import { type Output, output, startCluster, type TestCluster, until } from "./support/cluster.ts";
import { type ClusterProcess, processOf } from "./support/process.ts";

const program = join(import.meta.dirname, "../../bin/coracle.ts");
const coracle = (...args: string[]): Promise<Output> => output(process.execPath, [program, ...args]);
const apiOnly = ["--no-node", "--controllers=-*"];

describe("wrong flags", () => {
  it.each([
    { name: "none at all", args: [], want: "Type coracle COMMAND --help" },
    { name: "a command", args: ["upp"], want: 'unknown command "upp"; type: coracle help' },
    { name: "a flag", args: ["up", "--prot", "1"], want: "unknown flag --prot; did you mean --port?" },
    {
      name: "a port",
      args: ["up", "--port", "70000"],
      want: '--port "70000": must be a whole number from 0 to 65535; type: coracle up --port PORT',
    },
    { name: "no value", args: ["up", "--data-dir"], want: "--data-dir needs a value; type: coracle up --data-dir DIR" },
    { name: "both", args: ["up", "--node", "--no-node"], want: "--node and --no-node exclude each other" },
    {
      name: "a store's flag",
      args: ["up", "--table", "x"],
      want: "--table needs the DynamoDB store; type: coracle up --store dynamodb --table",
    },
    {
      name: "a controller",
      args: ["up", "--controllers", "*,-jobs"],
      want: '"jobs" is not in the list of known controllers',
    },
    { name: "a folder", args: ["down", "--data-dir", tmpdir()], want: "is no data folder of coracle up" },
    { name: "another node command", args: ["node", "start"], want: "unknown: coracle node start" },
  ])("$name: says what is wrong and what to type", async ({ args, want }) => {
    const { status, stdout, stderr } = await coracle(...args);
    expect(`${stdout}${stderr}`).toContain(want);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(status).toBe(2);
  });
});

describe("coracle up without a node", () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster(...apiOnly);
  });
  afterAll(async () => {
    await cluster?.remove();
  });

  it("keeps what it writes to its user alone", () => {
    expect(statSync(cluster.kubeconfig).mode & 0o777).toBe(0o600);
    expect(statSync(join(cluster.dataDir, "pki", "ca.key")).mode & 0o777).toBe(0o600);
    expect(statSync(join(cluster.dataDir, "store.sqlite")).mode & 0o077).toBe(0);
  });

  it("refuses a second one on its folder, which goes on", async () => {
    const { status, stderr } = await coracle("up", "--data-dir", cluster.dataDir, "--port", "0", ...apiOnly);
    expect(stderr).toContain(`uses ${cluster.dataDir}; stop it with Ctrl-C, or choose another folder`);
    expect(status).toBe(2);
    await cluster.kubectl(["get", "namespaces"]);
  });

  it("says that its port is in use", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "coracle-e2e-"));
    const { port } = new URL(cluster.server);
    const { status, stderr } = await coracle("up", "--data-dir", dataDir, "--port", port, ...apiOnly);
    rmSync(dataDir, { recursive: true });
    expect(stderr).toContain(`port ${port} of 0.0.0.0 is in use; choose another with --port PORT`);
    expect(status).toBe(2);
  });

  it.each([
    "SIGINT",
    "SIGTERM",
  ] as const)("%s ends it with 0, with a watch open, and it starts again", async (signal) => {
    const name = `before-${signal.toLowerCase()}`;
    await cluster.kubectl(["create", "configmap", name]);
    const watch = cluster.follow("get", "configmaps", "--watch");
    const ended = new Promise((resolve) => watch.once("exit", resolve));
    await new Promise((resolve) => watch.stdout?.once("data", resolve));
    expect(await cluster.end(signal)).toBe(0);
    watch.kill();
    await ended;
    expect(processOf(cluster.dataDir, "up")).toBeUndefined();
    expect(existsSync(join(cluster.dataDir, "run", "up.pid"))).toBe(false);
    await cluster.start();
    await cluster.kubectl(["get", "configmap", name]);
  });

  it("says what to do about a damaged database", async () => {
    await cluster.end("SIGTERM");
    const file = join(cluster.dataDir, "store.sqlite");
    const whole = readFileSync(file);
    writeFileSync(file, "this is no database, and has never been one".repeat(1_000));
    const { status, stderr } = await coracle("up", "--data-dir", cluster.dataDir, "--port", "0", ...apiOnly);
    writeFileSync(file, whole);
    expect(stderr).toContain(file);
    expect(stderr).toContain("; ");
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(status).toBe(2);
    await cluster.start();
    await cluster.kubectl(["get", "namespaces"]);
  });
});

describe("coracle down", () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster("--node", "--simulate-nodes", "1");
  });
  afterAll(async () => {
    await cluster?.remove();
  });

  it("removes processes, pods, network, rules and folder", async () => {
    const { dataDir } = cluster;
    const image = "coracle.local/httpd:1";
    await cluster.importImage(httpdImage(), image);
    const real = await until("the node", async () => {
      const { items } = await cluster.get<{ items: Node[] }>("nodes");
      return items.map(({ metadata }) => metadata.name).find((name) => !name.startsWith("simulated-"));
    });
    const overrides = JSON.stringify({ spec: { nodeName: real } });
    await cluster.kubectl([
      "run",
      "web",
      `--image=${image}`,
      "--image-pull-policy=IfNotPresent",
      "--overrides",
      overrides,
    ]);
    await cluster.kubectl(["expose", "pod", "web", "--port=8080", "--type=NodePort"]);
    await cluster.kubectl(["wait", "--for=condition=Ready", "pod/web", "--timeout=60s"]);
    const { bridge } = podNetwork("10.244.0.0/24", join(dataDir, "node"));
    const table = bridge.replaceAll("-", "_");
    const tables = () => spawnSync("nft", ["list", "tables"], { encoding: "utf8" }).stdout;
    const mounts = () => readFileSync("/proc/self/mounts", "utf8");
    const isThere = (name: string) => existsSync(`/sys/class/net/${name}`);
    const names: ClusterProcess[] = ["up", "agent", "containerd", "simulated-nodes"];
    const processes = names.map((name) => processOf(dataDir, name));
    expect(processes).not.toContain(undefined);
    expect(isThere(bridge)).toBe(true);
    await until("the rules", async () => tables().includes(table));
    expect(shims(dataDir)).not.toEqual([]);

    const { status, stdout, stderr } = await coracle("down", "--data-dir", dataDir);
    expect(`${stderr}${stdout}`).toContain("removed 1 pods");
    expect(status).toBe(0);
    expect(processes.filter((record) => record && isAlive(record))).toEqual([]);
    expect(shims(dataDir)).toEqual([]);
    expect(isThere(bridge)).toBe(false);
    expect(tables()).not.toContain(table);
    expect(mounts()).not.toContain(dataDir);
    expect(existsSync(dataDir)).toBe(false);

    expect((await coracle("down", "--data-dir", dataDir)).stdout).toContain("nothing to remove");
  }, 90_000);
});

/** The command lines of the shims that hold the node's pods. */
function shims(dataDir: string): string[] {
  const { socket } = nodeLayout(join(dataDir, "node"));
  return readdirSync("/proc")
    .map((name) => (/^\d+$/.test(name) ? (commandLine(Number(name)) ?? "") : ""))
    .filter((line) => line.includes("containerd-shim") && line.includes(socket));
}
