/** What λ tick does each minute: what no event tells. */
import { type Clock, systemClock } from "../../lib/apimachinery/clock.ts";
import type { UserInfo } from "../../lib/apimachinery/http.ts";
import { Progress } from "../../lib/aws/due/progress.ts";
import { ChangeMapper } from "../../lib/controllers/queued/change-mapper.ts";
import { ControllerSet } from "../../lib/controllers/queued/controller-set.ts";
import { sweepDue } from "../../lib/controllers/queued/due.ts";
import { deleteExpiredEvents } from "../../lib/controllers/queued/expired-events.ts";
import { GraphResync, RememberingGraph } from "../../lib/controllers/queued/graph-resync.ts";
import { Resync, resyncParts } from "../../lib/controllers/queued/resync.ts";
import { silentNodes } from "../../lib/controllers/queued/silent-nodes.ts";
import { events, nodes } from "../../lib/openapi/types/resources.ts";
import type { Collection } from "../../lib/storage/interface.ts";
import { reconcileBootstrap } from "./cluster.ts";
import { sawLease } from "./lease-signs.ts";
import { logError } from "./log.ts";
import type { ClusterLoops, Loops } from "./loops.ts";

const minuteMs = 60_000;
/** This is done in one minute of ten. */
const eventsMinute = 7;
/** And each of these in one of sixty: history that nobody reads or adds to takes no room for a day. */
const tendMinute = 13;
const graphMinute = 35;
/** More Events expire next time: the tick must end before the next one begins. */
const maxExpired = 400;

/** No controller of upstream removes Events: its store does. */
const eventsUser: UserInfo = { username: "system:apiserver", groups: ["system:masters"] };

/** What names a collection of one cluster. */
const collectionIn =
  (cluster: string) =>
  ({ group, resource }: Pick<Collection, "group" | "resource">): Collection => ({ cluster, group, resource });

/** What one cluster needs in this process. */
interface ClusterTick {
  readonly loops: ClusterLoops;
  readonly resync: Resync;
  readonly graphResync: () => Promise<unknown>;
  isBootstrapped: boolean;
  /** The revision of the Events at which none of them was old enough and none was left. */
  quietEvents: number;
}

/** One process's tick. */
export class Ticker {
  readonly #loops: Loops;
  readonly #clock: Clock;
  readonly #clusters = new Map<string, ClusterTick>();

  constructor(loops: Loops, clock: Clock = systemClock) {
    this.#loops = loops;
    this.#clock = clock;
  }

  /** One tick, of all clusters. Does all that it can, then rejects with an AggregateError where something failed. */
  async run(): Promise<void> {
    const failures: unknown[] = [];
    for (const name of this.#loops.names) {
      const steps = [this.#bootstrap, this.#silence, this.#due, this.#resync, this.#tend, this.#events, this.#graph];
      for (const step of steps) {
        try {
          await step.call(this, await this.#cluster(name));
        } catch (error) {
          logError(error, `tick of ${name}`);
          failures.push(error);
        }
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} parts of a tick failed`);
  }

  /** Of the hour. */
  get #minute(): number {
    return Math.floor(this.#clock.now() / minuteMs) % 60;
  }

  /** A deployment of a newer release may have brought objects that every cluster has. */
  async #bootstrap(tick: ClusterTick): Promise<void> {
    if (tick.isBootstrapped) return;
    await reconcileBootstrap(tick.loops.cluster);
    tick.isBootstrapped = true;
  }

  /** What is missed since it is but a moment old is seen a minute later; whoever is woken looks again. */
  async #silence({ loops }: ClusterTick): Promise<void> {
    const { cluster, informers, health } = loops;
    const copy = informers.get(nodes);
    const [newest] = await cluster.store.glance([collectionIn(cluster.name)(nodes)]);
    if (informers.revision(nodes) < newest) await informers.catchUp([nodes]);
    const all = copy.list();
    if (all.length === 0) return;
    const known = await health.list({ eventually: true });
    const wakeups = this.#loops.wakeups(cluster);
    for (const wakeup of silentNodes(cluster.name, all, known, this.#clock.now())) await wakeups.later(wakeup);
  }

  async #due({ loops }: ClusterTick): Promise<void> {
    await sweepDue(loops.cluster.name, this.#loops.dueTimes, this.#loops.outbox, this.#clock);
  }

  async #resync({ resync }: ClusterTick): Promise<void> {
    await resync.run(this.#minute);
  }

  async #tend({ loops }: ClusterTick): Promise<void> {
    if (this.#minute === tendMinute) await loops.cluster.store.tend(loops.cluster.name);
  }

  async #events(tick: ClusterTick): Promise<void> {
    if (this.#minute % resyncParts !== eventsMinute) return;
    const { cluster } = tick.loops;
    const [revision] = await cluster.store.glance([collectionIn(cluster.name)(events)]);
    if (revision === tick.quietEvents) return;
    const client = cluster.client(eventsUser, "tick");
    const { deleted, left } = await deleteExpiredEvents(client, this.#clock.now(), maxExpired);
    if (deleted === 0 && left === 0) tick.quietEvents = revision;
  }

  async #graph(tick: ClusterTick): Promise<void> {
    if (this.#minute === graphMinute) await tick.graphResync();
  }

  async #cluster(name: string): Promise<ClusterTick> {
    const known = this.#clusters.get(name);
    if (known !== undefined) return known;
    const loops = await this.#loops.get(name);
    const tick = {
      loops,
      resync: this.#newResync(loops),
      graphResync: this.#newGraphResync(loops),
      isBootstrapped: false,
      quietEvents: -1,
    };
    this.#clusters.set(name, tick);
    return tick;
  }

  #newResync({ cluster, informers, parts }: ClusterLoops): Resync {
    const { name, store } = cluster;
    const wakeups = this.#loops.wakeups(cluster);
    return new Resync({
      // What is noted of Leases is not lost: the next one comes soon.
      controllers: new ControllerSet(parts, informers).all().map(({ name: controller, controller: { sources } }) => ({
        name: controller,
        sources: sources.filter(({ resource }) => !sawLease(controller, resource)),
      })),
      informers,
      mapper: new ChangeMapper({
        ...parts,
        ignores: sawLease,
        onError: (controller, _, error) => logError(error, `resync of ${name}: ${controller}`),
      }),
      glance: (resources) => store.glance(resources.map(collectionIn(name))),
      progress: new Progress(this.#loops.table, name, "resync"),
      send: (some) => wakeups.now(some),
    });
  }

  #newGraphResync({ cluster, client, parts }: ClusterLoops): () => Promise<unknown> {
    const { name, store } = cluster;
    const wakeups = this.#loops.wakeups(cluster);
    const graph = new RememberingGraph(parts.graph);
    const onError = (controller: string, _: unknown, error: unknown) =>
      logError(error, `pass of ${name}: ${controller}`);
    const resync = new GraphResync({
      client,
      graph,
      mapper: new ChangeMapper({ ...parts, graph, onError }),
      controllers: ["garbage-collector-controller", "namespace-controller"],
      collections: () => store.collections(name),
      glance: (names) => store.glance(names.map(collectionIn(name))),
      progress: new Progress(this.#loops.table, name, "graph"),
      send: (some) => wakeups.now(some),
    });
    return () => resync.run().finally(() => graph.forget());
  }
}
