/** What users do to a cluster and what happens to its nodes, drawn from a seed: the same in both compositions. */
import { runtimeAnnotation } from "../../agent/simulated/node.ts";
import { isAlreadyExists, isNotFound } from "../../lib/apimachinery/errors.ts";
import type { Draft, KubeObject, Resource } from "../../lib/apimachinery/meta.ts";
import type { Client, DeleteOptions, ObjectName } from "../../lib/client/interface.ts";
import type { PodTemplateSpec } from "../../lib/openapi/types/core-v1.ts";
import { configmaps, deployments, jobs, namespaces, nodes, services } from "../../lib/openapi/types/resources.ts";
import type { World } from "./store-world.ts";

/** One thing that happens; either a call of the API or an event of a node. */
export interface Step {
  readonly what: string;
  /** So long after the step before (ms). */
  readonly afterMs: number;
  /** May be made again after an error. */
  readonly call?: (client: Client) => Promise<unknown>;
  readonly node?: { readonly name: string; readonly event: NodeEvent };
}

/** What happens to a node: it can't be reached for a while, or is gone for good. */
export type NodeEvent = "silence" | "speak" | "kill";

/** A run's scenario. */
export interface Scenario {
  readonly nodes: readonly string[];
  readonly steps: readonly Step[];
}

type Track = (Omit<Step, "afterMs"> & { readonly afterMs?: number })[];

const namespace = "work";
const maxPauseMs = 12_000;

/** Draws a scenario. What is done to one object is in order, and mixed with what is done to others. */
export function drawScenario(world: World): Scenario {
  const names = ["node-0", "node-1", "node-2"].slice(0, world.integer(2, 3));
  const evictsSoon = world.chance(0.5);
  const start = create(namespaces, { metadata: { name: namespace }, spec: {} });
  const tracks = [
    webTrack(world, evictsSoon),
    world.chance(0.7) ? jobTrack(world, evictsSoon) : [],
    world.chance(0.7) ? configTrack(world) : [],
    world.chance(0.6) ? doomedTrack(world) : [],
    nodeTrack(world, names.at(-1) as string),
  ];
  const steps: Step[] = [{ ...start, afterMs: 0 }];
  for (let open = tracks.filter(isOpen); open.length > 0; open = tracks.filter(isOpen)) {
    const step = world.pick(open).shift() as Track[number];
    const afterMs = world.chance(0.3) ? 0 : world.integer(0, maxPauseMs);
    steps.push({ ...step, afterMs: step.afterMs ?? afterMs });
  }
  return { nodes: names, steps };
}

const isOpen = (track: Track) => track.length > 0;

function webTrack(world: World, evictsSoon: boolean): Track {
  const place = { namespace, name: "web" };
  const rollout = { maxSurge: world.integer(0, 1), maxUnavailable: 1 };
  const track: Track = [
    create(deployments, {
      metadata: place,
      spec: {
        replicas: world.integer(1, 3),
        selector: { matchLabels: { app: "web" } },
        strategy: { type: "RollingUpdate", rollingUpdate: rollout },
        template: template("web", "web:1", evictsSoon),
      },
    }),
    create(services, { metadata: place, spec: { selector: { app: "web" }, ports: [{ port: 80 }] } }),
  ];
  if (world.chance(0.2)) track.reverse();
  const changes = world.integer(0, 3);
  for (let n = 0; n < changes; n++) {
    const image = `web:${world.integer(1, 3)}`;
    const replicas = world.integer(0, 4);
    track.push(
      world.chance(0.5)
        ? change(deployments, place, { spec: { replicas } }, `scale to ${replicas}`)
        : change(
            deployments,
            place,
            { spec: { template: { spec: { containers: [{ name: "c", image }] } } } },
            `image ${image}`,
          ),
    );
  }
  if (world.chance(0.15)) track.push(remove(services, place));
  const propagationPolicy = world.pick(["Foreground", "Background"] as const);
  if (world.chance(0.25)) track.push(remove(deployments, place, { propagationPolicy }));
  return track;
}

function jobTrack(world: World, evictsSoon: boolean): Track {
  const place = { namespace, name: "job" };
  const completions = world.integer(1, 3);
  const pod = template("job", "job:1", evictsSoon);
  const annotations = { [runtimeAnnotation]: String(world.integer(500, 8_000)) };
  const track = [
    create(jobs, {
      metadata: place,
      spec: {
        completions,
        parallelism: world.integer(1, completions),
        template: { metadata: { ...pod.metadata, annotations }, spec: { ...pod.spec, restartPolicy: "Never" } },
      } as never,
    }),
  ];
  if (world.chance(0.2)) track.push(remove(jobs, place, { propagationPolicy: "Background" }));
  return track;
}

function configTrack(world: World): Track {
  const place = { namespace, name: "settings" };
  const track = [create(configmaps, { metadata: place, data: { a: "1" } })];
  if (world.chance(0.6)) track.push(change(configmaps, place, { data: { a: "2", b: "3" } }, "data"));
  if (world.chance(0.3)) track.push(remove(configmaps, place));
  return track;
}

/** A namespace that is deleted with all that is in it. */
function doomedTrack(world: World): Track {
  const name = "doomed";
  const place = { namespace: name, name: "api" };
  return [
    create(namespaces, { metadata: { name }, spec: {} }),
    create(deployments, {
      metadata: place,
      spec: {
        replicas: world.integer(1, 2),
        selector: { matchLabels: { app: "api" } },
        template: template("api", "api:1", false),
      },
    }),
    create(configmaps, { metadata: { namespace: name, name: "c" }, data: {} }),
    remove(namespaces, { name }),
  ];
}

function nodeTrack(world: World, name: string): Track {
  const trouble = world.pick(["none", "none", "silence", "kill"] as const);
  if (trouble === "none") return [];
  // Long enough to be noticed in most runs, too short in some.
  const afterMs = world.integer(15_000, 120_000);
  const begin = { what: `${trouble} ${name}`, node: { name, event: trouble } };
  if (trouble === "kill") return [begin, { ...remove(nodes, { name }), afterMs }];
  return [begin, { what: `speak ${name}`, node: { name, event: "speak" }, afterMs }];
}

function template(app: string, image: string, evictsSoon: boolean): PodTemplateSpec {
  const toleration = (key: string) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 5 });
  const tolerations = [toleration("node.kubernetes.io/not-ready"), toleration("node.kubernetes.io/unreachable")];
  return {
    metadata: { labels: { app } },
    spec: { containers: [{ name: "c", image }], ...(evictsSoon ? { tolerations } : {}) },
  } as PodTemplateSpec;
}

function create<T extends KubeObject>(resource: Resource<T>, object: Draft<NoInfer<T>>): Track[number] {
  return {
    what: `create ${resource.resource} ${object.metadata.name}`,
    call: (client) =>
      client.create(resource, object).catch((error) => {
        if (!isAlreadyExists(error)) throw error;
      }),
  };
}

function change(resource: Resource, place: ObjectName, patch: unknown, what: string): Track[number] {
  return {
    what: `${what} of ${resource.resource} ${place.name}`,
    call: (client) => client.patch(resource, place, "strategic", patch),
  };
}

function remove(resource: Resource, place: ObjectName, options: DeleteOptions = {}): Track[number] {
  return {
    what: `delete ${resource.resource} ${place.name}`,
    call: (client) =>
      client.delete(resource, place, options).catch((error) => {
        if (!isNotFound(error)) throw error;
      }),
  };
}

/** Does all steps. A call that fails is made again, as by a user who has seen the error. */
export async function perform(
  world: World,
  { steps }: Scenario,
  client: Client,
  onNode: (name: string, event: NodeEvent) => Promise<void>,
): Promise<void> {
  for (const { afterMs, call, node } of steps) {
    if (afterMs > 0) await world.sleep(afterMs);
    if (node !== undefined) await onNode(node.name, node.event);
    for (let isDone = call === undefined; !isDone && call !== undefined; ) {
      try {
        await call(client);
        isDone = true;
      } catch {
        await world.sleep(1_000);
      }
    }
  }
}
