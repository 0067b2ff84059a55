/**
 * A seeded simulation of workloads: a Deployment rolled, scaled and paused at random, pods that come up late, fail and
 * vanish, writes that fail or whose answers are lost, informers that lag, are thrown back to a list or skip events. At
 * the end,
 * when all is quiet, the cluster must be what the Deployment wants.
 */
import { timeText } from "../../lib/apimachinery/clock.ts";
import type { KubeObject, Resource } from "../../lib/apimachinery/meta.ts";
import type { ControllerEntry } from "../../lib/controllers/controller.ts";
import { createDeploymentController } from "../../lib/controllers/deployment/deployment.ts";
import { createEndpointSliceController } from "../../lib/controllers/endpointslice/endpointslice.ts";
import { createGarbageCollector } from "../../lib/controllers/garbagecollector/garbagecollector.ts";
import { createReplicaSetController } from "../../lib/controllers/replicaset/replicaset.ts";
import type { Deployment, ReplicaSet } from "../../lib/openapi/types/apps-v1.ts";
import type { Pod } from "../../lib/openapi/types/core-v1.ts";
import { deployments, endpointslices, nodes, pods, replicasets, services } from "../../lib/openapi/types/resources.ts";
import { type Harness, startHarness } from "../support/controller-harness.ts";
import { seededRandom } from "../support/fake-clock.ts";
import { webDeployment, webTemplate } from "../support/workloads.ts";

/** What a run has found. */
export interface SimulationResult {
  readonly problems: string[];
  /** The most pods that were there at once beyond what the rollout allows. */
  readonly surplus: number;
  readonly writes: number;
}

const entries: readonly ControllerEntry[] = [
  { name: "replicaset-controller", create: createReplicaSetController },
  { name: "deployment-controller", create: createDeploymentController },
  { name: "endpointslice-controller", create: createEndpointSliceController },
  { name: "garbage-collector-controller", create: createGarbageCollector },
];

const place = { namespace: "default", name: "web" };

/** Runs one seed. `broken` replaces controllers by sabotaged ones, so that a test can see that the simulation sees. */
export async function simulate(seed: number, broken: readonly ControllerEntry[] = []): Promise<SimulationResult> {
  const simulation = new Simulation(seed, broken);
  try {
    return await simulation.run();
  } finally {
    await simulation.stop();
  }
}

class Simulation {
  readonly #random: ReturnType<typeof seededRandom>;
  readonly #harness: Harness;
  readonly #late = new Map<string, (() => void)[]>();
  readonly #problems: string[] = [];
  #calm = false;
  #surplus = 0;
  #address = 0;

  constructor(seed: number, broken: readonly ControllerEntry[]) {
    this.#random = seededRandom(seed * 7919 + 1);
    this.#harness = startHarness(
      entries.map((entry) => broken.find(({ name }) => name === entry.name) ?? entry),
      {
        seed,
        delivery: (resource) => (deliver) => this.#hold(resource, deliver),
        before: (api) => void api.put(nodes, { metadata: { name: "n1" }, spec: {} }),
      },
    );
    const { api } = this.#harness;
    api.beforeWrite = (verb, resource) => this.#maybeFail(verb, resource);
    // A create whose answer is lost is made again: the one case in which there may be too many pods for a while.
    if (seed % 2 === 0) api.afterWrite = (verb, resource) => this.#maybeFail(verb, resource);
  }

  stop(): Promise<void> {
    return this.#harness.stop();
  }

  #chance(probability: number): boolean {
    return this.#random.number() < probability;
  }

  /** Events wait in the order of their resource. */
  #hold(resource: Resource, deliver: () => void): void {
    const queue = this.#late.get(resource.resource);
    if (this.#calm) deliver();
    else if (queue === undefined) this.#late.set(resource.resource, [deliver]);
    else queue.push(deliver);
  }

  #deliverSome(): void {
    if (this.#chance(0.05)) {
      this.#late.clear();
      this.#harness.informers.relist();
      return;
    }
    for (const queue of this.#late.values()) {
      const count = this.#chance(0.3) ? queue.length : Math.floor(this.#random.number() * 4);
      for (const deliver of queue.splice(0, count)) deliver();
    }
  }

  #maybeFail(verb: string, { resource }: Resource): void {
    if (this.#calm || resource === "events" || !this.#chance(0.05)) return;
    throw new Error(`${verb} ${resource}: connection refused`);
  }

  async run(): Promise<SimulationResult> {
    const { api, clock } = this.#harness;
    api.put(services, {
      metadata: place,
      spec: { selector: { app: "web" }, clusterIP: "10.96.0.9", ipFamilies: ["IPv4"], ports: [{ port: 80 }] },
    });
    api.put(deployments, webDeployment(Math.floor(this.#random.number() * 6)));
    for (let step = 0; step < 60; step++) {
      if (this.#chance(0.15)) await this.#changeDeployment();
      this.#playKubelet();
      this.#deliverSome();
      await clock.advance(Math.floor(this.#random.number() * 400));
      this.#checkLimits();
    }
    await this.#calmDown();
    this.#checkEnd();
    return { problems: this.#problems, surplus: this.#surplus, writes: api.writes.length };
  }

  async #changeDeployment(): Promise<void> {
    const current = this.#deployment();
    const kind = this.#random.number();
    const spec = { ...current.spec };
    if (kind < 0.4) spec.replicas = Math.floor(this.#random.number() * 8);
    else if (kind < 0.8) spec.template = webTemplate(`web:${Math.floor(this.#random.number() * 4)}`);
    else if (kind < 0.9) spec.paused = !spec.paused;
    else spec.minReadySeconds = this.#chance(0.5) ? 2 : 0;
    const { metadata } = current;
    const generation = (metadata.generation ?? 0) + 1;
    this.#harness.api.put(deployments, { ...current, metadata: { ...metadata, generation }, spec });
  }

  /** Pods become ready, fail, get unready, are deleted by someone; those that are being deleted go at last. */
  #playKubelet(): void {
    const { api } = this.#harness;
    for (const pod of [...api.all(pods)]) {
      if (pod.metadata.deletionTimestamp !== undefined) {
        if (this.#chance(0.4)) api.remove(pods, pod.metadata);
      } else if (pod.status?.phase === "Pending") {
        if (this.#chance(0.4)) this.#setPod(pod, "Running", true);
      } else if (pod.status?.phase === "Running") {
        if (this.#chance(0.03)) this.#setPod(pod, "Failed", false);
        else if (this.#chance(0.05)) this.#setPod(pod, "Running", this.#chance(0.5));
        else if (this.#chance(0.02)) api.remove(pods, pod.metadata);
      }
    }
  }

  #setPod(pod: Pod, phase: string, ready: boolean): void {
    const lastTransitionTime = timeText(this.#harness.clock.now());
    const ip = pod.status?.podIPs?.[0]?.ip ?? `10.0.${++this.#address >> 8}.${this.#address & 255}`;
    this.#harness.api.put(pods, {
      ...pod,
      spec: { ...pod.spec, nodeName: "n1" },
      status: {
        ...pod.status,
        phase,
        podIPs: [{ ip }],
        conditions: [{ type: "Ready", status: ready ? "True" : "False", lastTransitionTime }],
      },
    });
  }

  #deployment(): Deployment {
    const [deployment] = this.#harness.api.all(deployments);
    return deployment;
  }

  /**
   * No ReplicaSet may ever have more living pods than it has wanted lately: with lost answers alone that may happen.
   */
  #checkLimits(): void {
    const living = this.#harness.api
      .all(pods)
      .filter((pod) => pod.metadata.deletionTimestamp === undefined && pod.status?.phase !== "Failed");
    for (const set of this.#harness.api.all(replicasets)) {
      const own = living.filter((pod) => pod.metadata.ownerReferences?.[0]?.uid === set.metadata.uid).length;
      const most = this.#mostWanted(set);
      this.#surplus = Math.max(this.#surplus, own - most);
    }
  }

  readonly #wanted = new Map<string, number>();

  #mostWanted(set: ReplicaSet): number {
    const most = Math.max(this.#wanted.get(set.metadata.uid) ?? 0, set.spec.replicas ?? 0);
    this.#wanted.set(set.metadata.uid, most);
    return most;
  }

  async #calmDown(): Promise<void> {
    const { api, clock } = this.#harness;
    this.#calm = true;
    for (const queue of this.#late.values()) for (const deliver of queue.splice(0)) deliver();
    const current = this.#deployment();
    const generation = (current.metadata.generation ?? 0) + 1;
    const metadata = { ...current.metadata, generation };
    api.put(deployments, { ...current, metadata, spec: { ...current.spec, paused: false } });
    for (let round = 0; round < 200; round++) {
      await clock.advance(round < 20 ? 100 : 5000);
      let changed = false;
      for (const pod of [...api.all(pods)]) {
        if (pod.metadata.deletionTimestamp !== undefined) api.remove(pods, pod.metadata);
        else if (pod.status?.phase === "Failed" || isReady(pod)) continue;
        else this.#setPod(pod, "Running", true);
        changed = true;
      }
      if (!changed && round > 40 && this.#isDone()) return;
    }
  }

  #isDone(): boolean {
    const { spec, status } = this.#deployment();
    return (status?.availableReplicas ?? 0) === spec.replicas && (status?.updatedReplicas ?? 0) === spec.replicas;
  }

  #checkEnd(): void {
    const { api } = this.#harness;
    const { spec, status, metadata } = this.#deployment();
    const total = spec.replicas ?? 1;
    const image = spec.template.spec?.containers[0].image;
    const active = api.all(pods).filter((pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined);
    this.#expect("running pods", active.length, total);
    this.#expect(
      "pods of the newest image",
      active.filter((pod) => pod.spec.containers[0].image === image).length,
      total,
    );
    this.#expect("availableReplicas", status?.availableReplicas ?? 0, total);
    this.#expect("observedGeneration", status?.observedGeneration, metadata.generation);
    for (const set of api.all(replicasets)) {
      const isNew = set.spec.template?.spec?.containers[0].image === image;
      this.#expect(`replicas of ${set.metadata.name}`, set.spec.replicas, isNew ? total : 0);
    }
    const images = api.all(replicasets).map((set) => set.spec.template?.spec?.containers[0].image);
    this.#expect("ReplicaSets of each template", images.length, new Set(images).size);
    const addresses = (objects: readonly Pod[]) => objects.map((pod) => pod.status?.podIPs?.[0].ip).sort();
    const endpoints = api.all(endpointslices).flatMap((slice) => slice.endpoints ?? []);
    const ready = endpoints.filter(({ conditions }) => conditions?.ready).flatMap(({ addresses }) => addresses);
    this.#expect("endpoints", ready.sort().join(" "), addresses(active).join(" "));
    const owners = new Set(api.all<KubeObject>(replicasets as never).map((set) => set.metadata.uid));
    const lost = api.all(pods).filter((pod) => !owners.has(pod.metadata.ownerReferences?.[0]?.uid ?? ""));
    this.#expect("pods without an owner", lost.length, 0);
  }

  #expect(what: string, got: unknown, want: unknown): void {
    if (got !== want) this.#problems.push(`${what}: got ${String(got)}, want ${String(want)}`);
  }
}

function isReady(pod: Pod): boolean {
  return pod.status?.phase === "Running" && pod.status.conditions?.[0]?.status === "True";
}
