/** Pods of the deployed cluster on a real node that hears of them through SQS: the whole way from kubectl to containers. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { busyboxImage, httpdImage } from "../e2e/support/busybox-image.ts";
import { output, until } from "../e2e/support/cluster.ts";
import { nodes } from "./principals.ts";
import { type CloudCluster, openCluster } from "./support/cloud-cluster.ts";
import { type CloudNode, startNode } from "./support/cloud-node.ts";

const busybox = "coracle.test/busybox:1";
const httpd = "coracle.test/httpd:1";
const startMs = 120_000;

interface Pod {
  readonly metadata: { name: string; deletionTimestamp?: string };
  readonly spec: { containers: { image: string; env?: { name: string; value: string }[] }[] };
  readonly status: {
    phase: string;
    containerStatuses?: { ready: boolean; lastState: { terminated?: { exitCode: number } } }[];
  };
}

interface Node {
  readonly metadata: { annotations?: Record<string, string> };
  readonly status: { addresses: { type: string; address: string }[]; conditions: { type: string; status: string }[] };
}

const web = (replicas: number, color: string) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: {
    replicas,
    strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: "c",
            image: httpd,
            env: [{ name: "COLOR", value: color }],
            readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 },
          },
        ],
      },
    },
  },
});

const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web" },
  spec: { type: "NodePort", selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] },
};

const shell = (name: string, text: string) => ({ name, image: busybox, command: ["sh", "-c", text] });

describe("a real node behind queues", () => {
  let cluster: CloudCluster;
  let node: CloudNode;
  let address = "";
  let nodePort = 0;

  const pods = async (app: string) => (await cluster.get<{ items: Pod[] }>("pods", "-l", `app=${app}`)).items;
  const names = async (app: string) => (await pods(app)).map(({ metadata }) => metadata.name).sort();
  /** The name of the pod that answers at the NodePort; empty where none does. */
  const answer = async () => {
    const url = `http://${address}:${nodePort}/cgi-bin/who`;
    const { stdout } = await output("curl", ["-s", "--max-time", "5", url]);
    return stdout.split(" ")[0] ?? "";
  };
  /** Waits until each of the pods has answered at the NodePort since somebody else has last. */
  const answerAll = async (wanted: readonly string[]) => {
    const answered = new Set<string>();
    await until(`${wanted} to answer, and no other`, async () => {
      const name = await answer();
      if (wanted.includes(name)) answered.add(name);
      else answered.clear();
      return answered.size === wanted.length;
    });
  };
  const rolledOut = (name: string) => cluster.kubectl(["rollout", "status", `deployment/${name}`, "--timeout=120s"]);

  beforeAll(async () => {
    cluster = await openCluster();
    node = await startNode(cluster, nodes[0]);
    await node.importImage(busyboxImage(), busybox);
    await node.importImage(httpdImage(), httpd);
    const found = await until(
      "the node to be ready and to have its inbox",
      async () => {
        const one = await cluster.get<Node>("node", node.name);
        const isReady = one.status.conditions.some(({ type, status }) => type === "Ready" && status === "True");
        return isReady && one.metadata.annotations?.["coracle.dev/inbox"] !== undefined && one;
      },
      startMs,
    );
    address = found.status.addresses.find(({ type }) => type === "InternalIP")?.address ?? "";
  }, 2 * startMs);

  afterAll(async () => {
    await cluster?.run(["delete", "deployments,services,jobs,pods", "--all", "--wait=false"]);
    await node?.remove();
    await cluster?.run(["delete", "node", node.name]);
    cluster?.close();
  }, 60_000);

  test("a deployment runs, and its NodePort answers", async () => {
    await cluster.apply(web(2, "blue"), service);
    await rolledOut("web");
    const { spec } = await cluster.get<{ spec: { ports: { nodePort: number }[] } }>("service", "web");
    nodePort = spec.ports[0].nodePort;
    const running = await names("web");
    expect(running).toHaveLength(2);
    await answerAll(running);
  }, 180_000);

  test("scaled up and down", async () => {
    await cluster.kubectl(["scale", "deployment/web", "--replicas=4"]);
    await rolledOut("web");
    const four = await names("web");
    expect(four).toHaveLength(4);
    await answerAll(four);
    await cluster.kubectl(["scale", "deployment/web", "--replicas=1"]);
    await until("three pods to go", async () => (await pods("web")).length === 1, 90_000);
    await rolledOut("web");
    await answerAll(await names("web"));
  }, 240_000);

  test("a rolling update replaces every pod", async () => {
    const before = (await pods("web")).map(({ metadata }) => metadata.name);
    await cluster.apply(web(2, "green"));
    await rolledOut("web");
    const after = await until(
      "the old pods to go",
      async () => {
        const all = await pods("web");
        return all.length === 2 && all.every(({ metadata }) => !before.includes(metadata.name)) && all;
      },
      90_000,
    );
    expect(after.map(({ spec }) => spec.containers[0].env?.[0].value)).toEqual(["green", "green"]);
    await answerAll(after.map(({ metadata }) => metadata.name));
  }, 240_000);

  test("a deleted deployment's pods go, and so do their containers; nothing answers any more", async () => {
    const ours = async () => (await node.runningPods()).filter((name) => name.startsWith("default/web-"));
    expect(await ours()).toHaveLength(2);
    await cluster.kubectl(["delete", "deployment/web", "service/web"]);
    await until("the end of the pods", async () => (await pods("web")).length === 0, 120_000);
    await until("the end of their containers", async () => (await ours()).length === 0);
    await until("the end of the NodePort", async () => (await answer()) === "");
  }, 180_000);

  test("a ConfigMap that is mounted into a running pod and changed is changed there", async () => {
    const settings = (text: string) => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "settings" },
      data: { "settings.txt": text },
    });
    const volumeMounts = [{ name: "settings", mountPath: "/www/settings" }];
    const spec = {
      terminationGracePeriodSeconds: 1,
      volumes: [{ name: "settings", configMap: { name: "settings" } }],
      containers: [{ name: "c", image: httpd, volumeMounts }],
    };
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "reads" }, spec };
    await cluster.apply(settings("one"), pod);
    await cluster.kubectl(["wait", "pod/reads", "--for=condition=Ready", "--timeout=90s"]);
    const ip = await cluster.kubectl(["get", "pod", "reads", "-o", "jsonpath={.status.podIP}"]);
    const text = async () => {
      const { stdout } = await output("curl", ["-s", "--max-time", "5", `http://${ip}:8080/settings/settings.txt`]);
      return stdout;
    };
    await until("the first text", async () => (await text()) === "one");
    await cluster.apply(settings("two"));
    await until("the second text", async () => (await text()) === "two");
    await cluster.kubectl(["delete", "pod/reads", "configmap/settings", "--wait=false"]);
  }, 180_000);

  test("a job completes", async () => {
    const template = { spec: { restartPolicy: "Never", containers: [shell("c", "true")] } };
    const spec = { completions: 3, parallelism: 2, template };
    await cluster.apply({ apiVersion: "batch/v1", kind: "Job", metadata: { name: "three" }, spec });
    await cluster.kubectl(["wait", "job/three", "--for=condition=Complete", "--timeout=150s"]);
    const { status } = await cluster.get<{ status: { succeeded: number } }>("job", "three");
    expect(status.succeeded).toBe(3);
  }, 180_000);

  test("a crash is shown as CrashLoopBackOff", async () => {
    await cluster.apply({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "crash" },
      spec: { terminationGracePeriodSeconds: 1, containers: [shell("c", "exit 3")] },
    });
    const shown = /^crash +0\/1 +CrashLoopBackOff +(\d+) /;
    const row = await until(
      "kubectl to show the back-off",
      async () => shown.exec(await cluster.kubectl(["get", "pods", "crash", "--no-headers"])) ?? undefined,
      120_000,
    );
    expect(Number(row[1])).toBeGreaterThan(0);
    const { status } = await cluster.get<Pod>("pod", "crash");
    expect(status.containerStatuses?.[0]).toMatchObject({ ready: false, lastState: { terminated: { exitCode: 3 } } });
    await cluster.kubectl(["delete", "pod", "crash", "--wait=false"]);
  }, 150_000);

  test.each([
    { name: "logs", args: ["logs", "stays"] },
    { name: "exec", args: ["exec", "stays", "--", "true"] },
  ])("$name says that there is no way into the node yet", async ({ args }) => {
    await cluster.apply({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "stays" },
      spec: { terminationGracePeriodSeconds: 1, containers: [shell("c", "sleep 100000")] },
    });
    await cluster.kubectl(["wait", "pod/stays", "--for=condition=Ready", "--timeout=90s"]);
    const { status, stderr } = await cluster.run(args);
    expect(status).toBe(1);
    expect(stderr).toContain("its nodes take no connections");
  }, 120_000);

  test("an agent that ends takes no pod with it, and adopts what runs when it is back", async () => {
    const idOf = async () =>
      (
        await cluster.kubectl(["get", "pod", "stays", "-o", "jsonpath={.status.containerStatuses[0].containerID}"])
      ).trim();
    const before = await idOf();
    expect(before).not.toBe("");
    await node.endAgent("SIGKILL");
    node.startAgent();
    await cluster.kubectl(["annotate", "pod", "stays", "told=again"]);
    await until("the agent to be ready again", async () => node.log().split("ready node=").length > 2);
    expect(await idOf()).toBe(before);
    await cluster.kubectl(["delete", "pod", "stays", "--timeout=90s"]);
  }, 180_000);
});
