/** Dynamic resource allocation's kinds: rows, statuses apart, what is immutable (upstream: pkg/registry/resource). */
import { path } from "../../apimachinery/validation/field.ts";
import { validateImmutableField } from "../../apimachinery/validation/meta.ts";
import type {
  DeviceClass,
  ResourceClaim,
  ResourceClaimTemplate,
  ResourceSlice,
} from "../../openapi/types/resource-v1.ts";
import { ageCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";
import { countGeneration, same } from "../validation/generation.ts";

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

/** resourceclaims.resource.k8s.io */
export const resourceClaimStrategy: Strategy<ResourceClaim> = {
  returnsDeleted: true,
  setDefaults: ({ spec }) => setClaimDefaults(spec),
  prepareForCreate(claim) {
    claim.status = {};
  },
  prepareForUpdate(claim, old) {
    claim.status = old.status;
  },
  validateUpdate: (claim, old) => validateImmutableField(claim.spec, old.spec, path("spec")),
  cells: (claim, { now }) => [claim.metadata.name, stateCell(claim), ageCell(claim.metadata.creationTimestamp, now)],
  updateSubresources: {
    status: {
      prepareForUpdate(claim, old) {
        claim.spec = old.spec;
      },
    },
  },
};

/** resourceclaimtemplates.resource.k8s.io */
export const resourceClaimTemplateStrategy: Strategy<ResourceClaimTemplate> = {
  returnsDeleted: true,
  setDefaults: ({ spec }) => setClaimDefaults(spec?.spec),
  validateUpdate: (template, old) => validateImmutableField(template.spec, old.spec, path("spec")),
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
};

/** resourceslices.resource.k8s.io */
export const resourceSliceStrategy: Strategy<ResourceSlice> = {
  returnsDeleted: true,
  prepareForCreate({ metadata }) {
    metadata.generation = 1;
  },
  prepareForUpdate(slice, old) {
    countGeneration(slice.metadata, old.metadata, !same(slice.spec, old.spec));
  },
  validateUpdate: (slice, old) => [
    ...validateImmutableField(slice.spec.nodeName, old.spec.nodeName, path("spec", "nodeName")),
    ...validateImmutableField(slice.spec.driver, old.spec.driver, path("spec", "driver")),
    ...validateImmutableField(slice.spec.pool.name, old.spec.pool.name, path("spec", "pool", "name")),
  ],
  selectableFields: ({ spec }) => ({ "spec.nodeName": spec.nodeName ?? "", "spec.driver": spec.driver }),
  cells: ({ metadata, spec }, { now }) => [
    metadata.name,
    spec.nodeName ?? "",
    spec.driver,
    spec.pool.name,
    ageCell(metadata.creationTimestamp, now),
  ],
};
