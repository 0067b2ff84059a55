/** A Deployment's life with the real kubectl and real containers: apply, reach, scale, roll, undo, delete. */
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nodeLayout } from "../../agent/runtime/containerd/prepare.ts";
import { busyboxImage, httpdImage } from "./support/busybox-image.ts";
import { startCluster, type TestCluster, until } from "./support/cluster.ts";

const web = "coracle.test/httpd:1";
const box = "coracle.test/busybox:1";
const nodePort = 30_181;

const manifest = (greeting: string) => `
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: green}
---
apiVersion: v1
kind: Secret
metadata: {name: key}
stringData: {key.txt: hidden}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  strategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 3
      containers:
        - name: web
          image: ${web}
          ports: [{containerPort: 8080, name: http}]
          env:
            - {name: GREETING, value: ${greeting}}
            - {name: COLOUR, valueFrom: {configMapKeyRef: {name: settings, key: colour}}}
          volumeMounts: [{name: key, mountPath: /secret}]
          readinessProbe: {httpGet: {path: /, port: http}, periodSeconds: 1}
          lifecycle: {preStop: {exec: {command: [sleep, "2"]}}}
      volumes: [{name: key, secret: {secretName: key}}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 80, targetPort: http, nodePort: ${nodePort}}]
`;

/** A pod that runs a shell script to its end. */
const script = (name: string, text: string) =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: { restartPolicy: "Never", containers: [{ name: "c", image: box, command: ["sh", "-c", text] }] },
  });

interface Pod {
  readonly metadata: { name: string };
  readonly status: { phase: string; podIP: string };
}

describe("a Deployment on a real node", () => {
  let cluster: TestCluster;

  const pods = async () => (await cluster.get<{ items: Pod[] }>("pods", "-l", "app=web")).items;
  const names = async () => (await pods()).map(({ metadata }) => metadata.name).sort();
  const replicas = (count: number) =>
    until(`${count} pods`, async () => {
      const found = await pods();
      return found.length === count && found.every(({ status }) => status.phase === "Running");
    });

  /** Who answers at an address until everyone in `wanted` has. */
  const everyoneAnswers = async (address: string, wanted: readonly string[]) => {
    const seen = new Set<string>();
    await until(`answers of ${wanted} at ${address}`, async () => {
      const response = await fetch(`http://${address}/cgi-bin/who`, { headers: { connection: "close" } });
      seen.add((await response.text()).split(" ")[0]);
      return wanted.every((name) => seen.has(name));
    });
  };

  /** Runs a script in a pod; returns what it printed. */
  const inPod = async (name: string, text: string) => {
    await cluster.kubectl(["apply", "-f", "-"], script(name, text));
    const phase = await until(`the end of ${name}`, async () => {
      const { status } = await cluster.get<Pod>("pod", name);
      return ["Succeeded", "Failed"].includes(status.phase) && status.phase;
    });
    const said = await cluster.kubectl(["logs", name]);
    await cluster.kubectl(["delete", "pod", name]);
    expect(phase, said).toBe("Succeeded");
    return said.trim();
  };

  beforeAll(async () => {
    cluster = await startCluster("--node");
    await cluster.importImage(httpdImage(), web);
    await cluster.importImage(busyboxImage(), box);
    await cluster.kubectl(["apply", "-f", "-"], manifest("one"));
    await cluster.kubectl(["rollout", "status", "deployment/web", "--timeout=90s"]);
  }, 180_000);

  afterAll(() => cluster?.remove(), 60_000);

  test("get pods -o wide shows an address of its own for each", async () => {
    const lines = (await cluster.kubectl(["get", "pods", "-o", "wide", "--no-headers"])).trim().split("\n");
    const addresses = lines.map((line) => line.split(/\s+/)[5]);
    expect(addresses).toHaveLength(2);
    expect(new Set(addresses).size).toBe(2);
    for (const address of addresses) expect(address).toMatch(/^10\.\d+\.\d+\.\d+$/);
  });

  test("both replicas answer through ClusterIP and NodePort", async () => {
    const { spec } = await cluster.get<{ spec: { clusterIP: string } }>("service", "web");
    await everyoneAnswers(`${spec.clusterIP}:80`, await names());
    await everyoneAnswers(`127.0.0.1:${nodePort}`, await names());
  }, 60_000);

  test("a pod reaches a pod, the Service by address and by name", async () => {
    const [{ status }] = await pods();
    const { spec } = await cluster.get<{ spec: { clusterIP: string } }>("service", "web");
    const ask = (host: string) => `wget -q -O - http://${host}/`;
    const said = await inPod("asker", `${ask(`${status.podIP}:8080`)} && ${ask(spec.clusterIP)} && ${ask("web")}`);
    expect(said.split("\n")).toEqual(["hello", "hello", "hello"]);
  }, 60_000);

  test("scales up and down", async () => {
    await cluster.kubectl(["scale", "deployment/web", "--replicas=4"]);
    await replicas(4);
    await cluster.kubectl(["scale", "deployment/web", "--replicas=2"]);
    await replicas(2);
  }, 90_000);

  test("a rolling update fails no request, and can be undone", async () => {
    const controller = new AbortController();
    const outcome = { answered: 0, failed: [] as unknown[] };
    const load = (async () => {
      while (!controller.signal.aborted) {
        try {
          const response = await fetch(`http://127.0.0.1:${nodePort}/cgi-bin/who`, {
            headers: { connection: "close" },
          });
          if (!response.ok) throw new Error(`status ${response.status}`);
          await response.text();
          outcome.answered++;
        } catch (error) {
          outcome.failed.push(error);
        }
      }
    })();
    const before = await names();
    try {
      await cluster.kubectl(["apply", "-f", "-"], manifest("two"));
      const said = await cluster.kubectl(["rollout", "status", "deployment/web", "--timeout=90s"]);
      expect(said).toContain("successfully rolled out");
      await until("the old pods' end", async () => !(await names()).some((name) => before.includes(name)));
    } finally {
      controller.abort();
      await load;
    }
    expect(outcome.failed).toEqual([]);
    expect(outcome.answered).toBeGreaterThan(10);
    expect(await cluster.kubectl(["rollout", "history", "deployment/web"])).toMatch(/^2 +<none>$/m);

    await cluster.kubectl(["rollout", "undo", "deployment/web"]);
    await cluster.kubectl(["rollout", "status", "deployment/web", "--timeout=90s"]);
    const deployment = await cluster.get<{
      spec: { template: { spec: { containers: { env: { name: string; value?: string }[] }[] } } };
    }>("deployment", "web");
    expect(deployment.spec.template.spec.containers[0].env[0].value).toBe("one");
  }, 180_000);

  test("deleted, it leaves nothing behind", async () => {
    const { spec } = await cluster.get<{ spec: { clusterIP: string } }>("service", "web");
    await cluster.kubectl(["delete", "deployment/web", "service/web", "configmap/settings", "secret/key"]);
    await until("the end of all that was made", async () => {
      const found = await cluster.get<{ items: unknown[] }>("pods,replicasets,endpointslices", "-l", "app=web");
      return found.items.length === 0;
    });
    await until("rules without the Service", async () => {
      const rules = execFileSync("nft", ["list", "ruleset"]).toString();
      return !rules.includes(spec.clusterIP) && !rules.includes(String(nodePort));
    });
    await until("an empty containerd", async () => {
      const { socket } = nodeLayout(`${cluster.dataDir}/node`);
      const list = ["--address", socket, "--namespace", "k8s.io", "containers", "list", "--quiet"];
      return execFileSync("ctr", list).toString().trim() === "";
    });
    await expect(fetch(`http://127.0.0.1:${nodePort}/`)).rejects.toThrow();
  }, 90_000);
});
