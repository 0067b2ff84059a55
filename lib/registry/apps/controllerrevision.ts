/** ControllerRevisions (upstream: pkg/registry/apps/controllerrevision). */
import { controllerOf } from "../../apimachinery/meta.ts";
import { type FieldError, path, required } from "../../apimachinery/validation/field.ts";
import { validateImmutableField } from "../../apimachinery/validation/meta.ts";
import type { ControllerRevision } from "../../openapi/types/apps-v1.ts";
import { ageCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";
import { validateNonNegative } from "../validation/number.ts";

const validate = ({ revision }: ControllerRevision) => validateNonNegative(revision, path("revision"));

function validateData({ data }: ControllerRevision): FieldError[] {
  const value: unknown = data;
  if (value === undefined || value === null) return [required(path("data"), "data is mandatory")];
  if (typeof value === "object" && !Array.isArray(value)) return [];
  return [required(path("data"), "data must be a valid JSON object")];
}

function controller(revision: ControllerRevision): string {
  const owner = controllerOf(revision);
  if (!owner) return "<none>";
  const [group] = owner.apiVersion.includes("/") ? owner.apiVersion.split("/") : [""];
  const kind = group === "" ? owner.kind : `${owner.kind}.${group}`;
  return `${kind.toLowerCase()}/${owner.name}`;
}

/** controllerrevisions.apps */
export const controllerRevisionStrategy: Strategy<ControllerRevision> = {
  validate: (revision) => [...validate(revision), ...validateData(revision)],
  validateUpdate: (revision, old) => [
    ...validate(revision),
    ...validateImmutableField(revision.data, old.data, path("data")),
  ],
  cells: (revision, { now }) => [
    revision.metadata.name,
    controller(revision),
    revision.revision ?? 0,
    ageCell(revision.metadata.creationTimestamp, now),
  ],
};
