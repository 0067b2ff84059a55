/** Runs pods to their end, as many and as often as a Job wants (upstream: controller/job). */
import { isNotFound } from "../../apimachinery/errors.ts";
import { labelSelectorAsSelector } from "../../apimachinery/labels.ts";
import { controllerOf, keyOf } from "../../apimachinery/meta.ts";
import type { Job } from "../../openapi/types/batch-v1.ts";
import type { Pod } from "../../openapi/types/core-v1.ts";
import { jobs, pods } from "../../openapi/types/resources.ts";
import { claimObjects } from "../claim.ts";
import { type Change, type Controller, type ControllerContext, ownKey, type Result, source } from "../controller.ts";
import { OwnWrites } from "../own-writes.ts";
import { controllerKey, indexByController, orphansIn, ownedBy } from "../owned.ts";
import { PodControl } from "../pod-control.ts";
import { isFinished } from "./conditions.ts";
import { isTracked, trackingFinalizer } from "./job-pods.ts";
import { JobSync } from "./job-sync.ts";

const unseenRetryMs = 1000;
/** Begins the key of a pod that has our finalizer, and no Job that would take it off. */
const podPrefix = "pod ";
/** spec.managedBy of Jobs that are ours. */
const managedBy = "kubernetes.io/job-controller";

/** The controller; its keys are those of Jobs, and of pods that Jobs have left behind. */
export function createJobController(context: ControllerContext): Controller {
  return new JobController(context);
}

class JobController implements Controller {
  readonly name = "job-controller";
  readonly sources = [
    source(jobs, (change: Change<Job>) => this.#jobKeys(change)),
    source(pods, (change: Change<Pod>) => this.#podKeys(change)),
  ];
  readonly #context: ControllerContext;
  readonly #control: PodControl;
  readonly #writes = new OwnWrites();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#control = new PodControl(context.client, context.events);
    indexByController(this.#pods);
    this.#pods.addIndex("job", (pod) => (isTracked(pod) ? [controllerKey(jobs, pod) ?? ""] : []));
  }

  get #jobs() {
    return this.#context.informers.get(jobs);
  }

  get #pods() {
    return this.#context.informers.get(pods);
  }

  async reconcile(key: string): Promise<Result | undefined> {
    if (key.startsWith(podPrefix)) {
      await this.#free(key.slice(podPrefix.length));
      return undefined;
    }
    const job = this.#jobs.get(key);
    if (job === undefined || isFinished(job)) {
      this.#writes.forget(key);
      this.#writes.forget(goneKey(key));
      return undefined;
    }
    // Without a selector every pod that is made would be released at once, and replaced, without end.
    if (isManagedElsewhere(job) || job.spec?.selector === undefined) return undefined;
    if (!this.#writes.seen(key)) return { requeueAfterMs: unseenRetryMs };
    const { completionMode = "NonIndexed" } = job.spec ?? {};
    if (completionMode !== "NonIndexed" && completionMode !== "Indexed") {
      const message = "Skipped Job sync because completion mode is unknown";
      this.#context.events.event(job, "Warning", "UnknownCompletionMode", message);
      return undefined;
    }
    const { client, events, clock } = this.#context;
    const { candidates, ending } = this.#candidates(key, job);
    const sync = new JobSync({
      client,
      events,
      control: this.#control,
      now: clock.now(),
      job,
      pods: await this.#claim(key, job, candidates),
      ending,
      wrotePod: (pod) => this.#writes.wrote(key, this.#pods, pod),
      deletedPod: (uid) => this.#writes.deleted(key, uid),
      gonePod: (uid) => this.#writes.deleted(goneKey(key), uid),
      wroteJob: (written) => this.#writes.wrote(key, this.#jobs, written),
    });
    const requeueAfterMs = await sync.run();
    return requeueAfterMs === undefined ? undefined : { requeueAfterMs };
  }

  /**
   * The pods that the Job has or may adopt, without those of which the informer does not know yet that they are gone.
   * Those
   * that it does not know yet to be ending are only counted.
   */
  #candidates(key: string, job: Job): { candidates: Pod[]; ending: number } {
    const { uid, namespace } = job.metadata;
    const all = [...ownedBy(this.#pods, uid), ...orphansIn(this.#pods, namespace)];
    const living = all.filter((pod) => pod.metadata.deletionTimestamp === undefined);
    const kept = this.#writes.withoutDeleted(key, living);
    const terminating = all.filter((pod) => pod.metadata.deletionTimestamp !== undefined);
    const there = this.#writes.withoutDeleted(goneKey(key), terminating);
    return { candidates: [...kept, ...there], ending: living.length - kept.length };
  }

  #claim(key: string, job: Job, candidates: readonly Pod[]): Promise<Pod[]> {
    const claim = {
      client: this.#context.client,
      owner: job,
      ownerResource: jobs,
      resource: pods,
      selector: labelSelectorAsSelector(job.spec?.selector),
      finalizers: [trackingFinalizer],
      onWrite: (pod: Pod) => this.#writes.wrote(key, this.#pods, pod),
    };
    return claimObjects(claim, candidates);
  }

  /** Takes our finalizer off a pod that no living Job counts any more, or nothing would ever delete it. */
  async #free(key: string): Promise<void> {
    const pod = this.#pods.get(key);
    if (pod === undefined || !isTracked(pod) || (await this.#isCounted(pod))) return;
    const { uid } = pod.metadata;
    const patch = { metadata: { uid, "$deleteFromPrimitiveList/finalizers": [trackingFinalizer] } };
    try {
      await this.#context.client.patch(pods, pod.metadata, "strategic", patch);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async #isCounted(pod: Pod): Promise<boolean> {
    const owner = controllerOf(pod);
    if (owner === undefined) return false;
    // Another kind of controller has the pod: its business.
    if (controllerKey(jobs, pod) === undefined) return true;
    try {
      const job = await this.#context.client.get(jobs, { namespace: pod.metadata.namespace, name: owner.name });
      return job.metadata.uid === owner.uid && (isManagedElsewhere(job) || !isFinished(job));
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  *#jobKeys({ object, old }: Change<Job>): Iterable<string> {
    yield* ownKey({ ...(object === undefined ? {} : { object }), ...(old === undefined ? {} : { old }) });
    const job = object ?? old;
    if (job === undefined || (object !== undefined && !isFinished(object))) return;
    for (const pod of this.#pods.byIndex("job", keyOf(job))) yield podPrefix + keyOf(pod);
  }

  *#podKeys({ object, old }: Change<Pod>): Iterable<string> {
    const keys = new Set<string>();
    for (const pod of [object, old]) {
      const key = controllerKey(jobs, pod);
      if (key !== undefined) keys.add(key);
    }
    yield* keys;
    if (object === undefined) return;
    const owner = controllerOf(object);
    if (owner === undefined) {
      for (const job of this.#jobs.list(object.metadata.namespace)) {
        if (labelSelectorAsSelector(job.spec?.selector).matches(object.metadata.labels ?? {})) yield keyOf(job);
      }
    }
    if (!isTracked(object)) return;
    const job = this.#jobs.get(controllerKey(jobs, object) ?? "");
    const counted = owner !== undefined && job?.metadata.uid === owner.uid && !isFinished(job);
    if (!counted) yield podPrefix + keyOf(object);
  }
}

/** Where own writes note the pods that are gone for good, apart from those that are ending. */
function goneKey(key: string): string {
  return `${key} gone`;
}

function isManagedElsewhere(job: Job): boolean {
  const manager = job.spec?.managedBy;
  return manager !== undefined && manager !== managedBy;
}
