/** A Deployment's life with the real kubectl and real containers: apply, reach, scale, roll, undo, delete. */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { podNetwork } from "../../agent/network/cni.ts";
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
          command: [sh, -c, "echo $COLOUR $KEY > /www/settings; cat /secret/key.txt >> /www/settings; exec $SERVE"]
          ports: [{containerPort: 8080, name: http}]
          env:
            - {name: GREETING, value: ${greeting}}
            - {name: COLOUR, valueFrom: {configMapKeyRef: {name: settings, key: colour}}}
            - {name: KEY, valueFrom: {secretKeyRef: {name: key, key: key.txt}}}
            - {name: SERVE, value: httpd -f -p 8080 -h /www}
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

/** Prints how many TCP segments a pod has sent again. */
const column = 'for (n = 1; n <= NF; n++) if ($n == "RetransSegs") c = n';
const resent = `awk '/^Tcp:/ { if (c) print "resent", $c; ${column} }' /proc/net/snmp`;

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

  /** The error's code when a connection is tried; undefined where there is an answer. */
  const refusal = async (address: string) => {
    try {
      await (await fetch(`http://${address}/`, { headers: { connection: "close" } })).text();
    } catch (error) {
      return ((error as Error).cause as { code?: string } | undefined)?.code;
    }
    return undefined;
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

  test("has what the ConfigMap and the Secret say, in its environment and in files", async () => {
    const response = await fetch(`http://127.0.0.1:${nodePort}/settings`, { headers: { connection: "close" } });
    expect(await response.text()).toBe("green hidden\nhidden");
  });

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
    const client = async () => {
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
    };
    const load = Promise.all([client(), client(), client()]);
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
    expect(outcome.answered).toBeGreaterThan(100);
    expect(await cluster.kubectl(["rollout", "history", "deployment/web"])).toMatch(/^2 +<none>$/m);

    await cluster.kubectl(["rollout", "undo", "deployment/web"]);
    await cluster.kubectl(["rollout", "status", "deployment/web", "--timeout=90s"]);
    const deployment = await cluster.get<{
      spec: { template: { spec: { containers: { env: { name: string; value?: string }[] }[] } } };
    }>("deployment", "web");
    expect(deployment.spec.template.spec.containers[0].env[0].value).toBe("one");
  }, 180_000);

  test("without pods, its addresses refuse", async () => {
    const { spec } = await cluster.get<{ spec: { clusterIP: string } }>("service", "web");
    const refuses = (address: string) =>
      until(`${address} to refuse`, async () => (await refusal(address)) === "ECONNREFUSED");
    await cluster.kubectl(["scale", "deployment/web", "--replicas=0"]);
    // Until then a pod that ends may still answer, while another one, ended already, refuses.
    await until("the pods' end", async () => (await pods()).length === 0, 60_000);
    await refuses(spec.clusterIP);
    await refuses(`127.0.0.1:${nodePort}`);
    const said = await inPod("refused", `wget -q -O - http://${spec.clusterIP}/ 2>&1; ${resent}`);
    // Refused at the first packet: where the refusal gets lost, the client sends again after a second.
    expect(said).toMatch(/Connection refused\nresent 0$/);
    await cluster.kubectl(["scale", "deployment/web", "--replicas=2"]);
    await cluster.kubectl(["rollout", "status", "deployment/web", "--timeout=90s"]);
    await everyoneAnswers(`127.0.0.1:${nodePort}`, await names());
  }, 120_000);

  test("deleted, it leaves nothing behind", async () => {
    const folder = `${cluster.dataDir}/node`;
    const { bridge } = podNetwork("10.244.0.0/24", folder);
    const rules = () => execFileSync("nft", ["list", "table", "ip", bridge.replaceAll("-", "_")]).toString();
    const ports = () => execFileSync("ip", ["-o", "link", "show", "master", bridge]).toString();
    const containers = () => {
      const list = ["--address", nodeLayout(folder).socket, "--namespace", "k8s.io", "containers", "list", "--quiet"];
      return execFileSync("ctr", list).toString();
    };
    const { spec } = await cluster.get<{ spec: { clusterIP: string } }>("service", "web");
    // Two pods, each with its sandbox.
    expect(containers().trim().split("\n")).toHaveLength(4);
    expect(ports()).not.toBe("");
    for (const text of [spec.clusterIP, String(nodePort)]) expect(rules()).toContain(text);
    await cluster.kubectl(["delete", "deployment/web", "service/web", "configmap/settings", "secret/key"]);
    await until("the end of all that was made", async () => {
      const found = await cluster.get<{ items: unknown[] }>("pods,replicasets,endpointslices", "-l", "app=web");
      return found.items.length === 0;
    });
    await until("rules without the Service", async () =>
      [spec.clusterIP, "web", String(nodePort)].every((text) => !rules().includes(text)),
    );
    await until("an empty containerd", async () => containers() === "");
    await until("a bridge without ports", async () => ports() === "");
    await until("no folder of a pod", async () => readdirSync(`${folder}/pods`).length === 0);
    expect(await refusal(`127.0.0.1:${nodePort}`)).toBe("ECONNREFUSED");
  }, 90_000);
});
