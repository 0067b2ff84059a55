/** What ends under running pods (agent, containerd, `coracle up`) leaves them running, and they are adopted after. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Node, Pod, Service } from "../../lib/openapi/types/core-v1.ts";
import { httpdImage } from "./support/busybox-image.ts";
import { startCluster, type TestCluster, until } from "./support/cluster.ts";
import { type ClusterProcess, processOf, signalProcess } from "./support/process.ts";
import { startVisitor, type Visitor } from "./support/visitor.ts";

const image = "coracle.local/httpd:1";
const manifests = [
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: {
          containers: [
            {
              name: "web",
              image,
              imagePullPolicy: "IfNotPresent",
              readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 },
            },
          ],
        },
      },
    },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web" },
    spec: { type: "NodePort", selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] },
  },
];

/** Ends with 1 once somebody has asked for /cgi-bin/stop. */
const crasher = [
  "printf '#!/bin/sh\\ntouch /stop\\n' > /www/cgi-bin/stop",
  "chmod 755 /www/cgi-bin/stop",
  "httpd -p 8080 -h /www",
  "echo first",
  "until [ -e /stop ]; do sleep 0.1; done",
  "exit 1",
].join("\n");

/** What must not change when a container is adopted. */
function traits({ metadata, status }: Pod) {
  const container = status?.containerStatuses?.[0];
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  return {
    name: metadata.name,
    uid: metadata.uid,
    phase: status?.phase,
    podIP: status?.podIP,
    containerID: container?.containerID,
    restartCount: container?.restartCount,
    startedAt: container?.state?.running?.startedAt,
    ready: [ready?.status, ready?.lastTransitionTime],
  };
}

describe("faults under running pods", () => {
  let cluster: TestCluster;
  let visitors: Visitor[] = [];
  let before: ReturnType<typeof traits>[] = [];

  const pods = async (label: string) => (await cluster.get<{ items: Pod[] }>("pods", "-l", label)).items;
  const webPods = async () => (await pods("app=web")).map(traits).sort((a, b) => (a.name < b.name ? -1 : 1));
  const nodeReady = async () => {
    const [node] = (await cluster.get<{ items: Node[] }>("nodes")).items;
    return node?.status?.conditions?.find(({ type }) => type === "Ready")?.status === "True";
  };
  const replaced = (name: ClusterProcess, old: number) =>
    until(`another ${name}`, async () => {
      const record = processOf(cluster.dataDir, name);
      return record !== undefined && record.pid !== old && record;
    });
  /** The node does new work, so that it has adopted what was there. */
  const doesWork = async (name: string) => {
    await cluster.kubectl(["run", name, `--image=${image}`, "--image-pull-policy=IfNotPresent"]);
    await cluster.kubectl(["wait", "--for=condition=Ready", `pod/${name}`, "--timeout=60s"]);
    await cluster.kubectl(["delete", "pod", name, "--now", "--wait"]);
  };
  const answeredMore = async () => {
    const counts = visitors.map(({ answered }) => answered);
    await until("more answers", async () => visitors.every(({ answered }, index) => answered >= counts[index] + 5));
  };
  const nothingChanged = async () => {
    await answeredMore();
    expect(visitors.flatMap(({ failed }) => failed)).toEqual([]);
    expect(await webPods()).toEqual(before);
  };

  beforeAll(async () => {
    cluster = await startCluster("--node");
    await cluster.importImage(httpdImage(), image);
    await cluster.kubectl(["apply", "-f", "-"], manifests.map((one) => JSON.stringify(one)).join("\n"));
    await cluster.kubectl(["rollout", "status", "deployment/web", "--timeout=60s"]);
    const service = await cluster.get<Service>("service", "web");
    const nodePort = `http://127.0.0.1:${service.spec.ports?.[0].nodePort}/`;
    before = await webPods();
    const urls = [nodePort, ...before.map(({ podIP }) => `http://${podIP}:8080/`)];
    await until("answers", async () => (await Promise.all(urls.map((url) => fetch(url)))).every(({ ok }) => ok));
    visitors = urls.map(startVisitor);
  }, 90_000);
  afterAll(async () => {
    await Promise.all(visitors.map((visitor) => visitor.stop()));
    await cluster?.remove();
  }, 60_000);

  it("starts with two pods that run and never restarted", () => {
    expect(before).toHaveLength(2);
    for (const pod of before) expect(pod).toMatchObject({ phase: "Running", restartCount: 0 });
  });

  it("kill -9 of the agent: another adopts the pods", async () => {
    const { pid } = signalProcess(cluster.dataDir, "agent", "SIGKILL");
    await answeredMore();
    await replaced("agent", pid);
    await doesWork("after-agent");
    await nothingChanged();
  }, 120_000);

  it("an adopted container is looked after: its logs are there, and a crash is a restart", async () => {
    await cluster.kubectl([
      "run",
      "crasher",
      `--image=${image}`,
      "--image-pull-policy=IfNotPresent",
      "--",
      "sh",
      "-c",
      crasher,
    ]);
    await cluster.kubectl(["wait", "--for=condition=Ready", "pod/crasher", "--timeout=60s"]);
    const { pid } = signalProcess(cluster.dataDir, "agent", "SIGKILL");
    await replaced("agent", pid);
    const { podIP } = (await cluster.get<Pod>("pod", "crasher")).status ?? {};
    expect(await until("logs", async () => cluster.kubectl(["logs", "crasher"]))).toBe("first\n");
    await until("its server", async () => (await fetch(`http://${podIP}:8080/`)).ok);
    // Whether the answer still comes through is a race with the end.
    await fetch(`http://${podIP}:8080/cgi-bin/stop`).catch(() => {});
    await until("a restart", async () => {
      const [status] = (await cluster.get<Pod>("pod", "crasher")).status?.containerStatuses ?? [];
      return status?.restartCount === 1 && status.ready;
    });
    expect(await cluster.kubectl(["logs", "crasher", "--previous"])).toBe("first\n");
    await cluster.kubectl(["delete", "pod", "crasher", "--now", "--wait"]);
    await nothingChanged();
  }, 120_000);

  it("kill -9 of containerd: it is started again, and the pods go on", async () => {
    const { pid } = signalProcess(cluster.dataDir, "containerd", "SIGKILL");
    await answeredMore();
    await replaced("containerd", pid);
    await doesWork("after-containerd");
    expect(await nodeReady()).toBe(true);
    await nothingChanged();
  }, 120_000);

  it("SIGTERM of coracle up: agent and containerd end, the pods go on and are adopted by the next up", async () => {
    expect(await cluster.end("SIGTERM")).toBe(0);
    for (const name of ["up", "agent", "containerd"] as const) expect(processOf(cluster.dataDir, name)).toBeUndefined();
    await answeredMore();
    await cluster.start();
    await until("the node", nodeReady);
    await doesWork("after-up");
    await nothingChanged();
  }, 120_000);

  it("kill -9 of coracle up: containerd is adopted, the agent replaced, the pods go on", async () => {
    const containerd = processOf(cluster.dataDir, "containerd");
    const agent = processOf(cluster.dataDir, "agent");
    await cluster.end("SIGKILL");
    expect(processOf(cluster.dataDir, "agent")).toEqual(agent);
    await answeredMore();
    await cluster.start();
    await until("the node", nodeReady);
    expect(processOf(cluster.dataDir, "containerd")).toEqual(containerd);
    expect(processOf(cluster.dataDir, "agent")).not.toEqual(agent);
    await doesWork("after-kill");
    await nothingChanged();
  }, 120_000);
});
