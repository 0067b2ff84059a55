/** StatefulSets (upstream: pkg/registry/apps/statefulset). */
import { path } from "../../apimachinery/validation/field.ts";
import { nameIsDNSLabel } from "../../apimachinery/validation/names.ts";
import type { StatefulSet } from "../../openapi/types/apps-v1.ts";
import { setClaimSpecDefaults } from "../core/persistentvolumeclaim/strategy.ts";
import { claimSpecWarnings } from "../core/persistentvolumeclaim/warnings.ts";
import { podTemplateWarnings, setPodTemplateDefaults } from "../pod-spec/template.ts";
import { ageCell, containerCells, selectorCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";
import { countGeneration, same } from "../validation/generation.ts";
import { validateStatefulSet, validateStatefulSetStatus, validateStatefulSetUpdate } from "./statefulset-validation.ts";

const templateField = path("spec", "template");

function setDefaults({ spec }: StatefulSet): void {
  spec.podManagementPolicy ||= "OrderedReady";
  spec.updateStrategy ??= {};
  const strategy = spec.updateStrategy;
  if (!strategy.type) {
    strategy.type = "RollingUpdate";
    strategy.rollingUpdate ??= {};
  }
  if (strategy.type === "RollingUpdate" && strategy.rollingUpdate) strategy.rollingUpdate.partition ??= 0;
  spec.persistentVolumeClaimRetentionPolicy ??= {};
  const retention = spec.persistentVolumeClaimRetentionPolicy;
  retention.whenDeleted ||= "Retain";
  retention.whenScaled ||= "Retain";
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  for (const claim of spec.volumeClaimTemplates ?? []) {
    claim.apiVersion ||= "v1";
    claim.kind ||= "PersistentVolumeClaim";
    setClaimSpecDefaults(claim.spec);
    claim.status = { ...claim.status, phase: claim.status?.phase || "Pending" };
  }
  setPodTemplateDefaults(spec.template);
}

/** The alpha field is kept only where it was set before it was switched off. */
function dropDisabledFields({ spec }: StatefulSet, old?: StatefulSet): void {
  const rolling = spec.updateStrategy?.rollingUpdate;
  if (rolling && old?.spec.updateStrategy?.rollingUpdate?.maxUnavailable === undefined) delete rolling.maxUnavailable;
}

function warnings({ spec }: StatefulSet, name: string): string[] {
  const list = (spec.volumeClaimTemplates ?? []).flatMap((claim, index) => {
    const field = path("spec", "volumeClaimTemplates").index(index);
    return claimSpecWarnings(claim.spec, name === "" ? field : field.child(name));
  });
  if ((spec.revisionHistoryLimit ?? 0) < 0) {
    list.push(
      "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended",
    );
  }
  return list;
}

/** statefulsets.apps */
export const statefulSetStrategy: Strategy<StatefulSet> = {
  validateName: nameIsDNSLabel,
  setDefaults,
  prepareForCreate(set) {
    set.status = { replicas: 0 };
    set.metadata.generation = 1;
    dropDisabledFields(set);
  },
  validate: validateStatefulSet,
  warningsOnCreate: (set) => [...podTemplateWarnings(set.spec.template, templateField), ...warnings(set, "")],
  prepareForUpdate(set, old) {
    set.status = old.status;
    dropDisabledFields(set, old);
    countGeneration(set.metadata, old.metadata, !same(set.spec, old.spec));
  },
  validateUpdate: validateStatefulSetUpdate,
  warningsOnUpdate(set, old) {
    const changed = set.metadata.generation !== old.metadata.generation;
    const template = changed ? podTemplateWarnings(set.spec.template, templateField) : [];
    // Upstream writes the field so.
    return [...template, ...warnings(set, "Spec")];
  },
  cells: ({ metadata, spec, status }, { now }) => [
    metadata.name,
    `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
    ageCell(metadata.creationTimestamp, now),
    ...containerCells(spec.template?.spec?.containers),
  ],
  updateSubresources: {
    status: {
      prepareForUpdate(set, old) {
        set.spec = old.spec;
      },
      validateUpdate: validateStatefulSetStatus,
    },
  },
  scale: {
    replicas: ({ spec }) => spec.replicas ?? 0,
    setReplicas(set, replicas) {
      set.spec.replicas = replicas;
    },
    statusReplicas: ({ status }) => status?.replicas ?? 0,
    selector: ({ spec }) => selectorCell(spec.selector),
  },
};
