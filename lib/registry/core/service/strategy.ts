/** Services (upstream: pkg/registry/core/service). */
import { path } from "../../../apimachinery/validation/field.ts";
import { nameIsDNSLabel } from "../../../apimachinery/validation/names.ts";
import type { Service } from "../../../openapi/types/core-v1.ts";
import { endpoints } from "../../../openapi/types/resources.ts";
import type { Strategy } from "../../strategy.ts";
import { warningsForIP } from "../../validation/ip-warnings.ts";
import { allocate, release } from "./allocate.ts";
import { dropTypeDependentFields, keepAllocatedValues, syncClusterIPs } from "./allocated-values.ts";
import { serviceCells } from "./cells.ts";
import { setServiceDefaults } from "./defaults.ts";
import { validateServiceStatus } from "./status-validation.ts";
import { validateService, validateServiceUpdate } from "./validation.ts";
import { serviceWarnings } from "./warnings.ts";

/** The write is done, so it must not fail now: what could not be given back is reclaimed by the next who wants it. */
const giveBack: typeof release = (old, service, context) => release(old, service, context).catch(() => {});

/** services */
export const serviceStrategy: Strategy<Service> = {
  validateName: nameIsDNSLabel,
  returnsDeleted: true,
  allowCreateOnUpdate: true,
  setDefaults: setServiceDefaults,
  prepareForCreate(service) {
    service.status = { loadBalancer: {} };
  },
  async beginCreate(service, context) {
    syncClusterIPs(service, undefined);
    return allocate(service, undefined, context);
  },
  validate: (service) => validateService(service),
  warningsOnCreate: serviceWarnings,
  prepareForUpdate(service, old) {
    service.status = old.status;
  },
  async beginUpdate(service, old, context) {
    keepAllocatedValues(service, old);
    syncClusterIPs(service, old);
    const rollback = await allocate(service, old, context);
    dropTypeDependentFields(service, old);
    return rollback;
  },
  validateUpdate: validateServiceUpdate,
  warningsOnUpdate: serviceWarnings,
  afterUpdate: (service, old, context) => giveBack(old, service, context),
  async afterDelete(service, context) {
    const { namespace = "", name = "" } = service.metadata;
    // A Service of the same name must not find the addresses of this one's pods; that there are none is fine.
    await context.objects.delete(endpoints, namespace, name).catch(() => {});
    await giveBack(service, undefined, context);
  },
  selectableFields: ({ spec }) => ({ "spec.clusterIP": spec.clusterIP ?? "", "spec.type": spec.type ?? "" }),
  cells: serviceCells,
  updateSubresources: {
    status: {
      prepareForUpdate(service, old) {
        service.spec = old.spec;
      },
      validateUpdate: validateServiceStatus,
      warningsOnUpdate(service) {
        const field = path("status", "loadBalancer", "ingress");
        const ingress = service.status?.loadBalancer?.ingress ?? [];
        return ingress.flatMap(({ ip }, index) => (ip ? warningsForIP(field.index(index), ip) : []));
      },
    },
  },
};
