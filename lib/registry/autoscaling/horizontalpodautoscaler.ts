/** HorizontalPodAutoscalers, stored as autoscaling/v2 (upstream: pkg/registry/autoscaling/horizontalpodautoscaler). */
import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from "../../openapi/types/autoscaling-v2.ts";
import { ageCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";
import { validateAutoscaler, validateAutoscalerStatus } from "./validation.ts";

const maxShown = 2;

/** How fast it may change where nothing else is said: twice, or by four pods, in 15 s; down to all at once. */
const scaleUp = {
  stabilizationWindowSeconds: 0,
  selectPolicy: "Max",
  policies: [
    { type: "Pods", value: 4, periodSeconds: 15 },
    { type: "Percent", value: 100, periodSeconds: 15 },
  ],
};
const scaleDown = { selectPolicy: "Max", policies: [{ type: "Percent", value: 100, periodSeconds: 15 }] };
const defaultUtilization = 80;

function setDefaults({ spec }: HorizontalPodAutoscaler, version: string): void {
  if (!spec) return;
  spec.minReplicas ??= 1;
  if (!version.endsWith("v2")) return;
  if (!spec.metrics?.length) {
    const target = { type: "Utilization", averageUtilization: defaultUtilization };
    spec.metrics = [{ type: "Resource", resource: { name: "cpu", target } }];
  }
  const { behavior } = spec;
  if (!behavior) return;
  behavior.scaleUp = { ...structuredClone(scaleUp), ...behavior.scaleUp };
  behavior.scaleDown = { ...structuredClone(scaleDown), ...behavior.scaleDown };
}

type Value = MetricValueStatus | undefined;

/** `cpu: 12%/80%`: what is and what should be; `named`: of which resource. */
function targetText(target: MetricTarget, current: Value, named: string | undefined): string {
  const unknown = "<unknown>";
  if (named !== undefined) {
    if (target.averageValue !== undefined)
      return `${named}: ${current?.averageValue ?? unknown}/${target.averageValue}`;
    const used = current?.averageUtilization;
    const wanted = target.averageUtilization;
    return `${named}: ${used === undefined ? unknown : `${used}%`}/${wanted === undefined ? "<auto>" : `${wanted}%`}`;
  }
  if (target.averageValue !== undefined) return `${current?.averageValue ?? unknown}/${target.averageValue} (avg)`;
  return `${current?.value ?? unknown}/${target.value ?? ""}`;
}

function metricText(spec: MetricSpec, status: MetricStatus | undefined): string {
  if (spec.type === "Pods" && spec.pods) {
    return `${status?.pods?.current?.averageValue ?? "<unknown>"}/${spec.pods.target.averageValue ?? ""}`;
  }
  const { external, object, resource, containerResource } = spec;
  if (spec.type === "External" && external) return targetText(external.target, status?.external?.current, undefined);
  if (spec.type === "Object" && object) return targetText(object.target, status?.object?.current, undefined);
  if (spec.type === "Resource" && resource) {
    return targetText(resource.target, status?.resource?.current, resource.name);
  }
  if (spec.type === "ContainerResource" && containerResource) {
    return targetText(containerResource.target, status?.containerResource?.current, containerResource.name);
  }
  return "<unknown type>";
}

function metricsCell({ spec, status }: HorizontalPodAutoscaler): string {
  const metrics = spec?.metrics ?? [];
  if (metrics.length === 0) return "<none>";
  const shown = metrics.slice(0, maxShown);
  const text = shown.map((metric, index) => metricText(metric, status?.currentMetrics?.[index])).join(", ");
  return metrics.length > maxShown ? `${text} + ${metrics.length - maxShown} more...` : text;
}

/** horizontalpodautoscalers.autoscaling */
export const horizontalPodAutoscalerStrategy: Strategy<HorizontalPodAutoscaler> = {
  setDefaults,
  prepareForCreate(autoscaler) {
    autoscaler.status = { desiredReplicas: 0 };
  },
  validate: (autoscaler) => validateAutoscaler(autoscaler),
  prepareForUpdate(autoscaler, old) {
    autoscaler.status = old.status;
  },
  validateUpdate: (autoscaler, old) => validateAutoscaler(autoscaler, old),
  cells: (autoscaler, { now }) => [
    autoscaler.metadata.name,
    `${autoscaler.spec?.scaleTargetRef?.kind}/${autoscaler.spec?.scaleTargetRef?.name}`,
    metricsCell(autoscaler),
    autoscaler.spec?.minReplicas === undefined ? "<unset>" : String(autoscaler.spec.minReplicas),
    autoscaler.spec?.maxReplicas ?? 0,
    autoscaler.status?.currentReplicas ?? 0,
    ageCell(autoscaler.metadata.creationTimestamp, now),
  ],
  updateSubresources: {
    status: {
      prepareForUpdate(autoscaler, old) {
        autoscaler.spec = old.spec;
      },
      validateUpdate: validateAutoscalerStatus,
    },
  },
};
