/** All controllers on the real API core, in one process: what a fake server would let pass does not pass here. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock, systemRandom, timeText } from "../../lib/apimachinery/clock.ts";
import { isNotFound } from "../../lib/apimachinery/errors.ts";
import type { Resource } from "../../lib/apimachinery/meta.ts";
import { createInProcessClient } from "../../lib/client/in-process.ts";
import type { Informers } from "../../lib/client/informer.ts";
import type { RestClient } from "../../lib/client/rest.ts";
import { createInformers } from "../../lib/client/shared-informers.ts";
import { controllers } from "../../lib/controllers/index.ts";
import { type RunningControllers, runControllers } from "../../lib/local/controllers.ts";
import { createObjectGraph } from "../../lib/local/object-graph.ts";
import type { Pod } from "../../lib/openapi/types/core-v1.ts";
import {
  configmaps,
  deployments,
  endpointslices,
  jobs,
  namespaces,
  nodes,
  poddisruptionbudgets,
  pods,
  replicasets,
  resourcequotas,
  serviceaccounts,
  services,
} from "../../lib/openapi/types/resources.ts";
import { corpusServer } from "../corpus/server.ts";

const namespace = "work";
let server: Awaited<ReturnType<typeof corpusServer>>;
let client: RestClient;
let informers: Informers;
let running: RunningControllers;
const errors: string[] = [];

beforeAll(async () => {
  server = await corpusServer();
  client = createInProcessClient(server.handle, { username: "admin", groups: ["system:masters"] });
  informers = createInformers({ client });
  running = runControllers({
    client: () => client,
    informers,
    graph: createObjectGraph({ client, informers }),
    clock: systemClock,
    random: systemRandom,
    controllers,
    rootCertificate: "CERTIFICATE",
    onError: (controller, key, error) => errors.push(`${controller} ${key}: ${(error as Error).message}`),
  });
  await running.started;
  await client.create(nodes, { metadata: { name: "n1" }, spec: {} });
  await client.create(namespaces, { metadata: { name: namespace }, spec: {} });
});

afterAll(async () => {
  await running.stop();
  await informers.stop();
  await server.close();
});

/** Resolves when the check holds; plays a kubelet that starts every pod meanwhile. */
async function until(what: string, check: () => Promise<boolean>, phase = "Running"): Promise<void> {
  for (let round = 0; round < 400; round++) {
    if (await check()) return;
    const { items } = await client.list(pods, { namespace });
    for (const pod of items) if (pod.status?.phase === "Pending") await run(pod, phase);
    await systemClock.sleep(10);
  }
  throw new Error(`timed out: ${what}; ${errors.join("; ")}`);
}

let address = 0;

async function run(pod: Pod, phase: string): Promise<void> {
  const place = { namespace, name: pod.metadata.name };
  const ip = `10.0.0.${++address}`;
  const ready = phase === "Running" ? "True" : "False";
  const conditions = [{ type: "Ready", status: ready, lastTransitionTime: timeText(systemClock.now()) }];
  try {
    if (!pod.spec.nodeName) {
      const target = { apiVersion: "v1", kind: "Node", name: "n1" };
      const binding = { apiVersion: "v1", kind: "Binding", metadata: { name: place.name }, target };
      await client.createSubresource(pods, place, "binding", binding);
    }
    const patch = { status: { phase, podIP: ip, podIPs: [{ ip }], conditions } };
    await client.patch(pods, place, "strategic", patch, { subresource: "status" });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

const template = (image: string) => ({
  metadata: { labels: { app: "web" } },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: "web", image }] },
});

const web = { namespace, name: "web" };

async function available(image: string, count: number): Promise<boolean> {
  const { status } = await client.get(deployments, web);
  const { items } = await client.list(pods, { namespace, labelSelector: "app=web" });
  const updated = items.filter((pod) => pod.spec.containers[0].image === image && !pod.metadata.deletionTimestamp);
  return status?.availableReplicas === count && updated.length === count && items.length === count;
}

describe("controllers on the API core", () => {
  it("fit a namespace out", async () => {
    await until("service account and root certificate", async () => {
      const accounts = await client.list(serviceaccounts, { namespace });
      const maps = await client.list(configmaps, { namespace });
      return accounts.items.length === 1 && maps.items[0]?.metadata.name === "kube-root-ca.crt";
    });
  });

  it("roll a Deployment out, and its Service's endpoints follow", async () => {
    await client.create(services, { metadata: web, spec: { selector: { app: "web" }, ports: [{ port: 80 }] } });
    await client.create(deployments, {
      metadata: web,
      spec: { replicas: 3, selector: { matchLabels: { app: "web" } }, template: template("web:1") },
    });
    await until("three pods", () => available("web:1", 3));
    await client.patch(deployments, web, "strategic", { spec: { template: template("web:2") } });
    await until("three new pods", () => available("web:2", 3));
    await until("their endpoints", async () => {
      const slices = await client.list(endpointslices, { namespace });
      const ready = slices.items.flatMap(({ endpoints = [] }) => endpoints.filter((one) => one.conditions?.ready));
      const { items } = await client.list(pods, { namespace });
      return (
        ready.length === 3 && ready.every(({ targetRef }) => items.some((pod) => pod.metadata.uid === targetRef?.uid))
      );
    });
    const sets = await client.list(replicasets, { namespace });
    expect(sets.items.map(({ spec }) => spec.replicas).sort()).toEqual([0, 3]);
  });

  it("count disruption budgets, which evictions obey", async () => {
    await client.create(poddisruptionbudgets, {
      metadata: web,
      spec: { maxUnavailable: 1, selector: { matchLabels: { app: "web" } } },
    });
    const allowed = async () => (await client.get(poddisruptionbudgets, web)).status?.disruptionsAllowed;
    await until("one may go", async () => (await allowed()) === 1);
    const { items } = await client.list(pods, { namespace, labelSelector: "app=web" });
    const evict = ({ metadata: { name } }: Pod) =>
      client.createSubresource(pods, { namespace, name }, "eviction", { metadata: { name, namespace } });
    await evict(items[0]);
    await expect(evict(items[1])).rejects.toMatchObject({ status: { code: 429 } });
    await until("one may go again", async () => (await available("web:2", 3)) && (await allowed()) === 1);
    await client.delete(poddisruptionbudgets, web);
  });

  it("count quotas, which admission obeys", async () => {
    const place = { namespace, name: "maps" };
    await client.create(resourcequotas, { metadata: place, spec: { hard: { configmaps: "2" } } });
    const used = async () => (await client.get(resourcequotas, place)).status?.used?.configmaps;
    await until("the root certificate is counted", async () => (await used()) === "1");
    const make = (name: string) => client.create(configmaps, { metadata: { namespace, name } });
    await make("second");
    expect(await used()).toBe("2");
    await expect(make("third")).rejects.toMatchObject({ status: { code: 403 } });
    await client.delete(configmaps, { namespace, name: "second" });
    await until("what is gone is not counted", async () => (await used()) === "1");
    await make("third");
    await client.delete(resourcequotas, place);
  });

  it("run a Job to its end and keep its pod", async () => {
    await client.create(jobs, {
      metadata: { name: "job", namespace },
      spec: { completions: 2, template: { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "i" }] } } },
    });
    const complete = async () => {
      const { status } = await client.get(jobs, { namespace, name: "job" });
      return status?.conditions?.some(({ type, status }) => type === "Complete" && status === "True") ?? false;
    };
    await until("the Job's completion", complete, "Succeeded");
    const { items } = await client.list(pods, { namespace, labelSelector: "batch.kubernetes.io/job-name=job" });
    expect(items.map(({ metadata }) => metadata.finalizers ?? [])).toEqual([[], []]);
  });

  it("delete in the foreground from the leaves", async () => {
    await client.delete(deployments, web, { propagationPolicy: "Foreground" });
    await until("the Deployment's end", async () => {
      const kinds: Resource[] = [deployments, replicasets];
      const left = await Promise.all(kinds.map((kind) => client.list(kind, { namespace })));
      return left.every(({ items }) => items.length === 0);
    });
    const { items } = await client.list(pods, { namespace, labelSelector: "app=web" });
    expect(items).toEqual([]);
  });

  it("empty a namespace and let it go", async () => {
    await client.delete(namespaces, { name: namespace });
    await until("the namespace's end", async () => {
      const { items } = await client.list(namespaces);
      return items.every(({ metadata }) => metadata.name !== namespace);
    });
    const left = await client.list(pods, { namespace });
    expect([left.items, errors]).toEqual([[], []]);
  });
});
