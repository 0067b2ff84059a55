/** Flow control's kinds (upstream: pkg/registry/flowcontrol). */
import type { FlowSchema, PriorityLevelConfiguration } from "../../openapi/types/flowcontrol-v1.ts";
import { ageCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";
import { countGeneration, same } from "../validation/generation.ts";
import { validateConditions } from "./conditions-validation.ts";
import { validateFlowSchema } from "./flowschema-validation.ts";
import { validatePriorityLevel } from "./prioritylevel-validation.ts";

/** flowschemas.flowcontrol.apiserver.k8s.io */
export const flowSchemaStrategy: Strategy<FlowSchema> = {
  setDefaults({ spec }) {
    if (spec && !spec.matchingPrecedence) spec.matchingPrecedence = 1000;
  },
  prepareForCreate(schema) {
    schema.status = {};
    schema.metadata.generation = 1;
  },
  prepareForUpdate(schema, old) {
    schema.status = old.status;
    countGeneration(schema.metadata, old.metadata, !same(schema.spec, old.spec));
  },
  validate: validateFlowSchema,
  validateUpdate: validateFlowSchema,
  cells: ({ metadata, spec, status }, { now }) => [
    metadata.name,
    spec?.priorityLevelConfiguration?.name ?? "",
    spec?.matchingPrecedence ?? 0,
    spec?.distinguisherMethod?.type ?? "<none>",
    ageCell(metadata.creationTimestamp, now),
    status?.conditions?.find(({ type }) => type === "Dangling")?.status ?? "?",
  ],
  updateSubresources: {
    status: {
      prepareForUpdate(schema, old) {
        schema.spec = old.spec;
      },
      validateUpdate: ({ status }) => validateConditions(status),
    },
  },
};

function setLevelDefaults({ spec }: PriorityLevelConfiguration): void {
  if (!spec) return;
  if (spec.exempt) {
    spec.exempt.nominalConcurrencyShares ??= 0;
    spec.exempt.lendablePercent ??= 0;
  }
  if (!spec.limited) return;
  spec.limited.nominalConcurrencyShares ??= 30;
  spec.limited.lendablePercent ??= 0;
  const queuing = spec.limited.limitResponse?.queuing;
  if (!queuing) return;
  queuing.handSize ||= 8;
  queuing.queues ||= 64;
  queuing.queueLengthLimit ||= 50;
}

/** prioritylevelconfigurations.flowcontrol.apiserver.k8s.io */
export const priorityLevelConfigurationStrategy: Strategy<PriorityLevelConfiguration> = {
  setDefaults: setLevelDefaults,
  prepareForCreate(level) {
    level.status = {};
    level.metadata.generation = 1;
  },
  prepareForUpdate(level, old) {
    level.status = old.status;
    countGeneration(level.metadata, old.metadata, !same(level.spec, old.spec));
  },
  validate: validatePriorityLevel,
  validateUpdate: validatePriorityLevel,
  cells({ metadata, spec }, { now }) {
    const limited = spec?.limited;
    const queuing = limited?.limitResponse?.queuing;
    return [
      metadata.name,
      spec?.type ?? "",
      limited?.nominalConcurrencyShares ?? "<none>",
      queuing?.queues ?? "<none>",
      queuing?.handSize ?? "<none>",
      queuing?.queueLengthLimit ?? "<none>",
      ageCell(metadata.creationTimestamp, now),
    ];
  },
  updateSubresources: {
    status: {
      prepareForUpdate(level, old) {
        level.spec = old.spec;
      },
      validateUpdate: ({ status }) => validateConditions(status),
    },
  },
};
