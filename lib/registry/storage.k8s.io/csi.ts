/** CSI's kinds: drivers, their nodes, capacities, attachments and attributes (upstream: pkg/registry/storage). */
import { parseQuantity } from "../../apimachinery/quantity.ts";
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  notSupportedAsListed,
  path,
  required,
  tooLong,
} from "../../apimachinery/validation/field.ts";
import { validateImmutableField, validateLabelSelector } from "../../apimachinery/validation/meta.ts";
import { isDNS1123Subdomain, isQualifiedName } from "../../apimachinery/validation/names.ts";
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  VolumeAttachment,
  VolumeAttributesClass,
} from "../../openapi/types/storage-v1.ts";
import { validateDriverName } from "../core/persistentvolume/sources.ts";
import { ageCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";
import { countGeneration, same } from "../validation/generation.ts";
import { goValue } from "../validation/go-value.ts";
import { nonNegativeText, validateNonNegative } from "../validation/number.ts";
import { validateParameters } from "./storageclass.ts";

const fsGroupPolicies = ["File", "None", "ReadWriteOnceWithFSType"];
const lifecycles = ["Persistent", "Ephemeral"];
const minTokenSeconds = 600;
const minUpdateSeconds = 10;
const maxNodeIDBytes = 256;

function setDriverDefaults({ spec }: CSIDriver): void {
  spec.attachRequired ??= true;
  spec.podInfoOnMount ??= false;
  spec.storageCapacity ??= false;
  spec.fsGroupPolicy ??= "ReadWriteOnceWithFSType";
  if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ["Persistent"];
  spec.requiresRepublish ??= false;
  spec.seLinuxMount ??= false;
}

function validateDriver({ spec }: CSIDriver): FieldError[] {
  const errors: FieldError[] = [];
  const field = path("spec");
  if (spec.fsGroupPolicy !== undefined && !fsGroupPolicies.includes(spec.fsGroupPolicy)) {
    errors.push(notSupported(field.child("fsGroupPolicy"), spec.fsGroupPolicy, fsGroupPolicies));
  }
  const audiences = new Set<string>();
  for (const [index, { audience, expirationSeconds }] of (spec.tokenRequests ?? []).entries()) {
    const at = field.child("tokenRequests").index(index);
    if (audiences.has(audience)) errors.push(duplicate(at.child("audience"), audience));
    audiences.add(audience);
    if (expirationSeconds === undefined) continue;
    const seconds = at.child("expirationSeconds");
    if (expirationSeconds < minTokenSeconds) {
      errors.push(invalid(seconds, expirationSeconds, "may not specify a duration less than 10 minutes"));
    }
    if (expirationSeconds > 2 ** 32) {
      errors.push(invalid(seconds, expirationSeconds, "may not specify a duration larger than 2^32 seconds"));
    }
  }
  for (const mode of spec.volumeLifecycleModes ?? []) {
    if (!lifecycles.includes(mode))
      errors.push(notSupportedAsListed(field.child("volumeLifecycleModes"), mode, lifecycles));
  }
  const period = spec.nodeAllocatableUpdatePeriodSeconds;
  if (period !== undefined && period < minUpdateSeconds) {
    const at = field.child("nodeAllocatableUpdatePeriodSeconds");
    errors.push(invalid(at, period, `must be greater than or equal to ${minUpdateSeconds} seconds`));
  }
  return errors;
}

/** csidrivers.storage.k8s.io */
export const csiDriverStrategy: Strategy<CSIDriver> = {
  returnsDeleted: true,
  setDefaults: setDriverDefaults,
  validate: (driver) => [
    ...validateDriverName(driver.metadata.name, path("metadata", "name")),
    ...validateDriver(driver),
  ],
  prepareForUpdate(driver, old) {
    countGeneration(driver.metadata, old.metadata, !same(driver.spec, old.spec));
  },
  validateUpdate(driver, old) {
    const fixed = (name: "attachRequired" | "volumeLifecycleModes", shown: string) =>
      validateImmutableField(driver.spec[name], old.spec[name], path("spec", shown));
    return [
      ...validateDriver(driver),
      // Upstream writes the field so.
      ...fixed("attachRequired", "attachedRequired"),
      ...fixed("volumeLifecycleModes", "volumeLifecycleModes"),
    ];
  },
  cells: ({ metadata, spec }, { now }) => [
    metadata.name,
    spec.attachRequired ?? true,
    spec.podInfoOnMount ?? false,
    spec.storageCapacity ?? false,
    spec.tokenRequests ? spec.tokenRequests.map(({ audience }) => audience).join(",") : "<unset>",
    spec.requiresRepublish ?? false,
    (spec.volumeLifecycleModes ?? []).join(",") || "<none>",
    ageCell(metadata.creationTimestamp, now),
  ],
};

function validateNode({ spec }: CSINode): FieldError[] {
  const names = new Set<string>();
  return (spec.drivers ?? []).flatMap(({ name, nodeID, topologyKeys, allocatable }, index) => {
    const field = path("spec", "drivers").index(index);
    const errors = validateDriverName(name, field.child("name"));
    if (!nodeID) errors.push(required(field.child("nodeID"), ""));
    else if (Buffer.byteLength(nodeID) > maxNodeIDBytes) {
      errors.push(invalid(field.child("nodeID"), nodeID, `must be ${maxNodeIDBytes} characters or less`));
    }
    errors.push(...validateNonNegative(allocatable?.count, field.child("allocatable", "count")));
    if (names.has(name)) errors.push(duplicate(field.child("name"), name));
    names.add(name);
    const keys = new Set<string>();
    for (const key of topologyKeys ?? []) {
      if (key === "") errors.push(required(field, ""));
      if (keys.has(key)) errors.push(duplicate(field, key));
      keys.add(key);
      errors.push(...isQualifiedName(key).map((problem) => invalid(field, key, problem)));
    }
    return errors;
  });
}

/** csinodes.storage.k8s.io */
export const csiNodeStrategy: Strategy<CSINode> = {
  returnsDeleted: true,
  validate: validateNode,
  validateUpdate(node, old) {
    const errors = validateNode(node);
    for (const { allocatable: _, ...before } of old.spec.drivers ?? []) {
      const found = (node.spec.drivers ?? []).find(({ name }) => name === before.name);
      if (!found) continue;
      const { allocatable: __, ...after } = found;
      const changed = validateImmutableField(after, before, path("spec", "drivers"));
      errors.push(...changed.map((error) => ({ ...error, value: goValue("storage.v1.CSINodeDriver", after) })));
    }
    return errors;
  },
  cells: ({ metadata, spec }, { now }) => [
    metadata.name,
    spec.drivers?.length ?? 0,
    ageCell(metadata.creationTimestamp, now),
  ],
};

function validateCapacity({ storageClassName, nodeTopology, capacity }: CSIStorageCapacity): FieldError[] {
  const field = path("storageClassName");
  const errors = isDNS1123Subdomain(storageClassName).map((problem) => invalid(field, storageClassName, problem));
  if (nodeTopology) errors.push(...validateLabelSelector(nodeTopology, path("nodeTopology")));
  if (capacity === undefined || parseQuantity(capacity).sign() >= 0) return errors;
  return [...errors, invalid(path("capacity"), capacity, nonNegativeText)];
}

/** csistoragecapacities.storage.k8s.io */
export const csiStorageCapacityStrategy: Strategy<CSIStorageCapacity> = {
  validate: validateCapacity,
  validateUpdate: (object, old) => [
    ...validateCapacity(object),
    ...validateImmutableField(object.nodeTopology, old.nodeTopology, path("nodeTopology")),
    ...validateImmutableField(object.storageClassName, old.storageClassName, path("storageClassName")),
  ],
};

function validateAttachment({ spec }: VolumeAttachment): FieldError[] {
  const field = path("spec");
  const source = field.child("source");
  const { inlineVolumeSpec, persistentVolumeName: name } = spec.source;
  const one = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
  const errors = validateDriverName(spec.attacher, field.child("attacher"));
  if (inlineVolumeSpec === undefined && name === undefined) errors.push(required(source, one));
  else if (inlineVolumeSpec !== undefined && name !== undefined) errors.push(forbidden(source, one));
  else if (name === "") {
    errors.push(required(source.child("persistentVolumeName"), "must specify non empty persistentVolumeName"));
  }
  const at = field.child("nodeName");
  errors.push(...isDNS1123Subdomain(spec.nodeName).map((problem) => invalid(at, spec.nodeName, problem)));
  if (!name) return errors;
  const place = path("spec.source.persistentVolumeName");
  return [...errors, ...isDNS1123Subdomain(name).map((problem) => invalid(place, name, problem))];
}

/** volumeattachments.storage.k8s.io */
export const volumeAttachmentStrategy: Strategy<VolumeAttachment> = {
  returnsDeleted: true,
  prepareForCreate(object) {
    object.status = { attached: false };
  },
  validate: validateAttachment,
  prepareForUpdate(object, old) {
    object.status = old.status;
  },
  validateUpdate(object, old) {
    const changed = validateImmutableField(object.spec, old.spec, path("spec"));
    const shown = () => goValue("storage.v1.VolumeAttachmentSpec", object.spec);
    return [...validateAttachment(object), ...changed.map((error) => ({ ...error, value: shown() }))];
  },
  cells: ({ metadata, spec, status }, { now }) => [
    metadata.name,
    spec.attacher,
    spec.source.persistentVolumeName ?? "",
    spec.nodeName,
    status?.attached ?? false,
    ageCell(metadata.creationTimestamp, now),
  ],
  updateSubresources: {
    status: {
      prepareForUpdate(object, old) {
        object.spec = old.spec;
      },
      validateUpdate: ({ status }) =>
        (["attachError", "detachError"] as const).flatMap((name) => {
          const message = status?.[name]?.message ?? "";
          return Buffer.byteLength(message) > 1024 ? [tooLong(path("status", name, "message"), 262_144)] : [];
        }),
    },
  },
};

/** volumeattributesclasses.storage.k8s.io */
export const volumeAttributesClassStrategy: Strategy<VolumeAttributesClass> = {
  returnsDeleted: true,
  validate: ({ driverName, parameters }) => [
    ...validateDriverName(driverName, path("driverName")),
    ...validateParameters(parameters, false, path("parameters")),
  ],
  validateUpdate: (object, old) => [
    ...(object.driverName === old.driverName
      ? []
      : [forbidden(path("driverName"), "updates to driverName are forbidden.")]),
    ...(same(object.parameters, old.parameters)
      ? []
      : [forbidden(path("parameters"), "updates to parameters are forbidden.")]),
  ],
  cells: ({ metadata, driverName }, { now }) => [metadata.name, driverName, ageCell(metadata.creationTimestamp, now)],
};
