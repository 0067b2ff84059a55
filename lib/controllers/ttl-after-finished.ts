/** Deletes Jobs that ended ttlSecondsAfterFinished ago (upstream: controller/ttlafterfinished). */
import { isNotFound } from "../apimachinery/errors.ts";
import type { Job } from "../openapi/types/batch-v1.ts";
import { jobs } from "../openapi/types/resources.ts";
import { type Change, type Controller, type ControllerContext, ownKey, source } from "./controller.ts";

/** The controller; its keys are those of Jobs. */
export function createTtlAfterFinishedController({ client, clock, informers }: ControllerContext): Controller {
  const jobInformer = informers.get(jobs);
  return {
    name: "ttl-after-finished-controller",
    sources: [source(jobs, (change: Change<Job>) => (expiryOf(change.object) === undefined ? [] : ownKey(change)))],
    async reconcile(key) {
      const known = jobInformer.get(key);
      const expiry = expiryOf(known);
      if (known === undefined || expiry === undefined) return undefined;
      if (expiry > clock.now()) return { requeueAfterMs: expiry - clock.now() };
      try {
        // The live Job: its ttl may have been raised since.
        const fresh = await client.get(jobs, known.metadata);
        const due = expiryOf(fresh);
        if (fresh.metadata.uid !== known.metadata.uid || due === undefined) return undefined;
        if (due > clock.now()) return { requeueAfterMs: due - clock.now() };
        const { uid, resourceVersion } = fresh.metadata;
        await client.delete(jobs, fresh.metadata, { uid, resourceVersion, propagationPolicy: "Foreground" });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
      return undefined;
    },
  };
}

/** When a Job is to go (ms); undefined where it has no ttl, has not ended, or goes already. */
function expiryOf(job: Job | undefined): number | undefined {
  const ttl = job?.spec?.ttlSecondsAfterFinished;
  if (job === undefined || ttl === undefined || job.metadata.deletionTimestamp !== undefined) return undefined;
  const ended = job.status?.conditions?.find(
    ({ type, status }) => status === "True" && (type === "Complete" || type === "Failed"),
  );
  return ended?.lastTransitionTime === undefined ? undefined : Date.parse(ended.lastTransitionTime) + ttl * 1000;
}
