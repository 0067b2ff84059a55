/** APIServices (upstream: kube-aggregator/pkg/registry/apiservice). */
import { pathSegmentName } from "../../apimachinery/validation/names.ts";
import type { APIService } from "../../openapi/types/apiregistration-v1.ts";
import { ageCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";
import { validateAPIService, validateAPIServiceStatus } from "./validation.ts";

function availableCell({ status }: APIService): string {
  const condition = status?.conditions?.find(({ type }) => type === "Available");
  if (!condition) return "Unknown";
  return condition.status === "True" ? "True" : `${condition.status} (${condition.reason ?? ""})`;
}

/** apiservices.apiregistration.k8s.io */
export const apiServiceStrategy: Strategy<APIService> = {
  validateName: pathSegmentName,
  setDefaults({ spec }) {
    if (spec?.service) spec.service.port ??= 443;
  },
  prepareForCreate(object) {
    object.status = {};
  },
  validate: validateAPIService,
  prepareForUpdate(object, old) {
    object.status = old.status;
  },
  validateUpdate: validateAPIService,
  cells: (object, { now }) => {
    const service = object.spec?.service;
    return [
      object.metadata.name,
      service ? `${service.namespace}/${service.name}` : "Local",
      availableCell(object),
      ageCell(object.metadata.creationTimestamp, now),
    ];
  },
  updateSubresources: {
    status: {
      prepareForUpdate(object, old) {
        object.spec = old.spec;
      },
      validateUpdate: validateAPIServiceStatus,
    },
  },
};
