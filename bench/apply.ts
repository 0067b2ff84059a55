/** From `kubectl apply` to a running container: one Pod at a time on a real node, its image there already. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { nodeLayout } from "../agent/runtime/containerd/prepare.ts";
import { importImage } from "../agent/runtime/image/import.ts";
import { machinePlatform, ociImage } from "../agent/runtime/image/oci-image.ts";
import { busyboxLayer } from "../examples/busybox-layer.ts";
import { findKubectl } from "../lib/local/kubectl.ts";
import { whyNoNode } from "../lib/local/node-setup.ts";
import { percentile, send, stream, type Target, targetOf } from "./client.ts";
import { startControlPlane, temporaryFolder } from "./control-plane.ts";
import type { Row } from "./row.ts";
import { until } from "./until.ts";

const runs = 7;
const limitMs = 60_000;
const image = "bench.example/busybox:1";
const pods = "/api/v1/namespaces/default/pods";

const pod = (name: string) =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: "c", image, command: ["sleep", "600"], imagePullPolicy: "Never" }],
    },
  });

/** Medians; nothing, with the reason on standard error, where this machine can run no node. */
export async function apply(nodeFlags: readonly string[]): Promise<Row[]> {
  const why = whyNoNode();
  if (why) {
    console.error(`apply is left out: ${why}`);
    return [];
  }
  const kubectl = findKubectl(join(import.meta.dirname, "../node_modules/.cache/kubectl"), (line) =>
    console.error(line),
  );
  const { folder, remove } = temporaryFolder();
  try {
    const plane = await startControlPlane(folder, ["--node"], nodeFlags);
    const target = targetOf(plane.kubeconfig, 4);
    try {
      await until("the node is not ready", limitMs, async () => isReady(await send(target, "GET", "/api/v1/nodes")));
      const layer = ociImage([busyboxLayer()], { Env: ["PATH=/bin"] }, machinePlatform());
      await importImage(nodeLayout(join(folder, "node")).socket, layer, image);
      const account = "/api/v1/namespaces/default/serviceaccounts/default";
      await until("no ServiceAccount", limitMs, () => send(target, "GET", account).then(Boolean, () => false));
      const samples: number[] = [];
      for (let run = 0; run < runs; run++) {
        samples.push(await toRunning(target, [kubectl, "--kubeconfig", plane.kubeconfig], `bench-${run}`));
      }
      // The first apply finds kubectl's caches cold.
      const warm = samples.slice(1);
      return [
        {
          name: "kubectl apply to Running, p50",
          value: percentile(warm, 0.5) / 1_000,
          unit: "s",
          goal: 1,
          atMost: true,
        },
        { name: "kubectl apply to Running, the first", value: samples[0] / 1_000, unit: "s" },
      ];
    } finally {
      target.agent.destroy();
      await plane.stop();
    }
  } finally {
    const cli = join(import.meta.dirname, "../bin/coracle.ts");
    await run([process.execPath, cli, "down", "--data-dir", folder]).catch((error) => console.error(error.message));
    remove();
  }
}

/** Milliseconds from the start of kubectl to the event that says Running; the pod is gone again afterwards. */
async function toRunning(target: Target, kubectl: readonly string[], name: string): Promise<number> {
  const running = Promise.withResolvers<number>();
  const gone = Promise.withResolvers<void>();
  const timer = setTimeout(() => running.reject(new Error(`pod ${name} does not run after 60 s`)), limitMs);
  const end = await stream(target, `${pods}?watch=true&fieldSelector=metadata.name%3D${name}`, (line) => {
    const { type, object } = JSON.parse(line);
    if (object.status?.phase === "Running") running.resolve(performance.now());
    if (type === "DELETED") gone.resolve();
  });
  try {
    const start = performance.now();
    const applied = run([...kubectl, "apply", "-f", "-"], pod(name));
    const [at] = await Promise.all([running.promise, applied]);
    await send(target, "DELETE", `${pods}/${name}`);
    await gone.promise;
    return at - start;
  } finally {
    clearTimeout(timer);
    end();
  }
}

function isReady(nodes: string): boolean {
  return JSON.parse(nodes).items.some(
    (node: { spec?: { taints?: unknown[] }; status?: { conditions?: { type: string; status: string }[] } }) =>
      !node.spec?.taints?.length &&
      node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True"),
  );
}

/** Runs a command to its end. Rejects with what it said where it fails. */
function run([command, ...args]: readonly string[], input = ""): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["pipe", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (chunk) => {
      said += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`${command} ${args[0]}: ${said}`))));
    child.stdin.end(input);
  });
}
