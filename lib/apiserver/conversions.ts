/** The only list of conversions, by `group/version/resource` of the served version. */
import { autoscalers } from "../openapi/conversion/autoscaling.ts";
import { events } from "../openapi/conversion/events.ts";
import type { Conversion } from "./conversion.ts";

/** All conversions. */
export const conversions: Readonly<Record<string, Conversion>> = {
  "autoscaling/v1/horizontalpodautoscalers": autoscalers,
  "events.k8s.io/v1/events": events,
};
