/** How long a pod gets to end (upstream: podStrategy.CheckGracefulDelete). */
import type { Pod } from "../../../openapi/types/core-v1.ts";
import type { GracefulDeletion } from "../../strategy.ts";

/** A pod that no node runs, or that has ended, goes at once. */
export const gracefulPodDeletion: GracefulDeletion<Pod> = {
  begin({ spec, status }, options) {
    if (!spec?.nodeName || status?.phase === "Failed" || status?.phase === "Succeeded") return 0;
    const seconds = options.gracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 0;
    return seconds < 0 ? 1 : seconds;
  },
};
