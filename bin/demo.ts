/**
 * The demonstration: prepares the machine, starts a cluster, applies examples/hello, shows what runs and the answer that
 * came through the NodePort, and stays up until Ctrl-C.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { nodeLayout } from "../agent/runtime/containerd/prepare.ts";
import { importImage } from "../agent/runtime/image/import.ts";
import { helloImage } from "../examples/hello/image.ts";
import { findKubectl } from "../lib/local/kubectl.ts";
import { setupNode, whyNoNode } from "../lib/local/node-setup.ts";
import { UserError } from "../lib/local/user-error.ts";

const root = join(import.meta.dirname, "..");
const dataDir = join(root, ".coracle", "demo");
const tools = join(root, ".coracle", "tools");
const image = "coracle.local/hello:1";
const url = "http://127.0.0.1:30080/cgi-bin/hello";
const say = (line: string) => console.log(line);

/** Installs what is missing. Throws UserError where this machine cannot be a node. */
function prepare(): string {
  if (whyNoNode() !== undefined) {
    say("preparing this machine as a node");
    setupNode({ say });
  }
  const why = whyNoNode();
  if (why !== undefined) throw new UserError(why, "run the demo as root on a Linux machine");
  ensureBusybox();
  return findKubectl(tools, say);
}

/** The example's image is made of it. */
function ensureBusybox(): void {
  if (existsSync("/bin/busybox")) return;
  say("installing busybox, of which the example's image is made");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const args = ["install", "-q", "-y", "--no-install-recommends", "busybox"];
  if (spawnSync("apt-get", args, { stdio: "inherit", env }).status !== 0) {
    throw new UserError("busybox could not be installed", "install it by hand: apt-get install busybox");
  }
}

/** Starts `coracle up` and waits for its ready line. */
async function startCluster(): Promise<{ child: ChildProcess; kubeconfig: string }> {
  const args = [join(root, "bin/coracle.ts"), "up", "--data-dir", dataDir, "--port", "0", "--node"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) {
    say(line);
    const match = /^ready \S+ kubeconfig=(.+)$/.exec(line);
    if (match) return { child, kubeconfig: match[1] };
  }
  throw new UserError("coracle up ended before it was ready", "what it said is above");
}

function kubectl(command: string, kubeconfig: string, ...args: string[]): void {
  say(`$ kubectl ${args.join(" ")}`);
  const { status } = spawnSync(command, ["--kubeconfig", kubeconfig, ...args], { stdio: "inherit" });
  if (status !== 0) throw new UserError(`kubectl ${args[0]} failed`, "what it said is above");
}

/** Asks until there is an answer; each attempt that fails shows as a dot. */
async function answer(limitMs: number): Promise<string> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    try {
      const response = await fetch(url);
      if (response.ok) return (await response.text()).trim();
    } catch {
      // Nobody answers yet.
    }
    if (performance.now() > deadline) throw new UserError(`${url} did not answer`, "look at: kubectl get pods,events");
    process.stdout.write(".");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function main(): Promise<void> {
  const command = prepare();
  const start = performance.now();
  say("starting the cluster");
  const { child, kubeconfig } = await startCluster();
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  process.once("SIGINT", () => child.kill("SIGTERM"));
  process.once("SIGTERM", () => child.kill("SIGTERM"));
  try {
    await importImage(nodeLayout(join(dataDir, "node")).socket, helloImage(), image);
    kubectl(command, kubeconfig, "apply", "-f", join(root, "examples/hello"));
    kubectl(command, kubeconfig, "rollout", "status", "deployment/hello", "--timeout=60s");
    kubectl(command, kubeconfig, "get", "nodes,deployments,pods,services", "-o", "wide");
    const text = await answer(20_000);
    const seconds = ((performance.now() - start) / 1_000).toFixed(1);
    say(`\n$ curl ${url}\n${text}\n\nanswered ${seconds} s after the start`);
    say(`\nThe cluster stays up until Ctrl-C. In another terminal:\n  export KUBECONFIG=${kubeconfig}`);
    say(`Pods outlive it; to remove everything: npx coracle down --data-dir ${dataDir}`);
  } catch (error) {
    child.kill("SIGTERM");
    await ended;
    throw error;
  }
  await ended;
}

try {
  await main();
  process.exit(0);
} catch (error) {
  if (error instanceof UserError) console.error(`demo: ${error.message}; ${error.advice}`);
  else console.error("demo:", error);
  process.exit(1);
}
