/** Dynamic resource allocation's kinds (upstream: pkg/registry/resource). */
import { type FieldError, path } from "../../apimachinery/validation/field.ts";
import { validateAnnotations, validateImmutableField, validateLabels } from "../../apimachinery/validation/meta.ts";
import type {
  DeviceClass,
  ResourceClaim,
  ResourceClaimTemplate,
  ResourceSlice,
} from "../../openapi/types/resource-v1.ts";
import { ageCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";
import { countGeneration, same } from "../validation/generation.ts";
import { goValue } from "../validation/go-value.ts";
import { validateAdminRequests, validateAdminResults } from "./admin-access.ts";
import { validateClaimStatus } from "./claim-status-validation.ts";
import { validateClaimSpec } from "./claim-validation.ts";
import { validateClass } from "./class-validation.ts";
import { validateSlice } from "./slice-validation.ts";

function stateCell({ metadata, status }: ResourceClaim): string {
  const states = metadata.deletionTimestamp ? ["deleted"] : [];
  if (!status?.allocation) {
    if (!metadata.deletionTimestamp) states.push("pending");
  } else {
    states.push("allocated");
    if (status.reservedFor?.length) states.push("reserved");
  }
  return states.join(",");
}

/** Requests are exact in their mode and count unless they say otherwise. */
function setClaimDefaults(spec: ResourceClaim["spec"]): void {
  for (const request of spec?.devices?.requests ?? []) {
    for (const part of [request.exactly, ...(request.firstAvailable ?? [])]) {
      if (!part) continue;
      part.allocationMode ||= "ExactCount";
      if (part.allocationMode === "ExactCount") part.count ??= 1;
    }
  }
}

/** A spec that has changed, shown as Go would. */
function validateSameSpec(spec: unknown, old: unknown, definition: string): FieldError[] {
  const errors = validateImmutableField(spec, old, path("spec"));
  return errors.map((error) => ({ ...error, value: goValue(definition, spec) }));
}

/** What alpha features would keep is not stored. */
function dropDisabledFields({ spec }: ResourceSlice): void {
  for (const device of spec.devices ?? []) {
    delete device.nodeAllocatableResourceMappings;
    for (const attribute of Object.values(device.attributes ?? {})) {
      delete attribute.bools;
      delete attribute.ints;
      delete attribute.strings;
      delete attribute.versions;
    }
  }
}

/** resourceclaims.resource.k8s.io */
export const resourceClaimStrategy: Strategy<ResourceClaim> = {
  returnsDeleted: true,
  setDefaults: ({ spec }) => setClaimDefaults(spec),
  prepareForCreate(claim) {
    claim.status = {};
  },
  validate: async ({ metadata, spec }, context) => [
    ...validateClaimSpec(spec, path("spec")),
    ...(await validateAdminRequests(spec.devices?.requests, metadata.namespace, context)),
  ],
  prepareForUpdate(claim, old) {
    claim.status = old.status;
  },
  validateUpdate: (claim, old) => validateSameSpec(claim.spec, old.spec, "resource.v1.ResourceClaimSpec"),
  cells: (claim, { now }) => [claim.metadata.name, stateCell(claim), ageCell(claim.metadata.creationTimestamp, now)],
  updateSubresources: {
    status: {
      prepareForUpdate(claim, old) {
        claim.spec = old.spec;
      },
      async validateUpdate(claim, old, context) {
        const [now, before] = [claim, old].map(({ status }) => status?.allocation?.devices?.results);
        const wasAllowed = before?.some(({ adminAccess }) => adminAccess) === true;
        const { namespace } = claim.metadata;
        return [
          ...validateClaimStatus(claim, old),
          ...(wasAllowed ? [] : await validateAdminResults(now, namespace, context)),
        ];
      },
    },
  },
};

/** resourceclaimtemplates.resource.k8s.io */
export const resourceClaimTemplateStrategy: Strategy<ResourceClaimTemplate> = {
  returnsDeleted: true,
  setDefaults: ({ spec }) => setClaimDefaults(spec?.spec),
  validate: async ({ metadata, spec }, context) => [
    ...validateLabels(spec.metadata?.labels, path("spec", "metadata", "labels")),
    ...validateAnnotations(spec.metadata?.annotations, path("spec", "metadata", "annotations")),
    ...validateClaimSpec(spec.spec, path("spec", "spec")),
    ...(await validateAdminRequests(spec.spec.devices?.requests, metadata.namespace, context)),
  ],
  validateUpdate: (template, old) => validateSameSpec(template.spec, old.spec, "resource.v1.ResourceClaimTemplateSpec"),
};

/** deviceclasses.resource.k8s.io */
export const deviceClassStrategy: Strategy<DeviceClass> = {
  returnsDeleted: true,
  prepareForCreate({ metadata }) {
    metadata.generation = 1;
  },
  prepareForUpdate(object, old) {
    countGeneration(object.metadata, old.metadata, !same(object.spec, old.spec));
  },
  validate: (object) => validateClass(object),
  validateUpdate: (object, old) => validateClass(object, old),
};

/** resourceslices.resource.k8s.io */
export const resourceSliceStrategy: Strategy<ResourceSlice> = {
  returnsDeleted: true,
  prepareForCreate(slice) {
    slice.metadata.generation = 1;
    dropDisabledFields(slice);
  },
  prepareForUpdate(slice, old) {
    dropDisabledFields(slice);
    countGeneration(slice.metadata, old.metadata, !same(slice.spec, old.spec));
  },
  validate: (slice) => validateSlice(slice),
  validateUpdate: (slice, old) => validateSlice(slice, old),
  selectableFields: ({ spec }) => ({ "spec.nodeName": spec.nodeName ?? "", "spec.driver": spec.driver }),
  cells: ({ metadata, spec }, { now }) => [
    metadata.name,
    spec.nodeName ?? "",
    spec.driver,
    spec.pool.name,
    ageCell(metadata.creationTimestamp, now),
  ],
};
