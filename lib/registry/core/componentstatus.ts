/** ComponentStatuses: rows only, nothing is stored (upstream: pkg/registry/core/componentstatus). */
import type { ComponentStatus } from "../../openapi/types/core-v1.ts";
import type { Strategy } from "../strategy.ts";

/** componentstatuses */
export const componentStatusStrategy: Strategy<ComponentStatus> = {
  notFoundResource: "componentstatus",
  cells({ metadata, conditions = [] }) {
    const healthy = conditions.find(({ type }) => type === "Healthy");
    const status = healthy ? (healthy.status === "True" ? "Healthy" : "Unhealthy") : "Unknown";
    return [metadata.name, status, healthy?.message ?? "", healthy?.error ?? ""];
  },
};
