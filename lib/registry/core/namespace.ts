/** Namespaces (upstream: pkg/registry/core/namespace). */
import { deepEqual } from "../../apimachinery/equality.ts";
import { type FieldError, invalid, type Path, path } from "../../apimachinery/validation/field.ts";
import { isQualifiedName, nameIsDNSLabel } from "../../apimachinery/validation/names.ts";
import type { Namespace } from "../../openapi/types/core-v1.ts";
import { ageCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";

const nameLabel = "kubernetes.io/metadata.name";
const finalizer = "kubernetes";
const standardFinalizers = ["kubernetes", "orphan", "foregroundDeletion"];
const finalizersField = path("spec", "finalizers");

/** A namespace can be selected by its name. */
function label({ metadata }: Namespace): void {
  if (!metadata.name || metadata.labels?.[nameLabel] === metadata.name) return;
  metadata.labels = { ...metadata.labels, [nameLabel]: metadata.name };
}

function validateFinalizer(name: string, field: Path): FieldError[] {
  const errors = isQualifiedName(name).map((problem) => invalid(field, name, problem));
  if (name.includes("/") || standardFinalizers.includes(name)) return errors;
  return [...errors, invalid(field, name, "name is neither a standard finalizer name nor is it fully qualified")];
}

function validatePhase({ metadata, status }: Namespace): FieldError[] {
  const phase = status?.phase ?? "";
  const want = metadata.deletionTimestamp ? "Terminating" : "Active";
  if (phase === want) return [];
  const state = metadata.deletionTimestamp ? "not empty" : "empty";
  return [invalid(path("status", "Phase"), phase, `may only be '${want}' if \`deletionTimestamp\` is ${state}`)];
}

/** namespaces */
export const namespaceStrategy: Strategy<Namespace> = {
  validateName: nameIsDNSLabel,
  returnsDeleted: true,
  setDefaults(namespace) {
    namespace.spec ??= {};
    namespace.status ??= {};
    label(namespace);
  },
  prepareForCreate(namespace) {
    namespace.status = { phase: "Active" };
    const finalizers = namespace.spec?.finalizers ?? [];
    namespace.spec = { finalizers: finalizers.includes(finalizer) ? finalizers : [...finalizers, finalizer] };
  },
  async beginCreate(namespace) {
    // A generated name is known only now.
    label(namespace);
    return undefined;
  },
  validate: ({ spec }) => (spec?.finalizers ?? []).flatMap((name) => validateFinalizer(name, finalizersField)),
  prepareForUpdate(namespace, old) {
    namespace.spec = old.spec;
    namespace.status = old.status;
  },
  gracefulDeletion: {
    begin(namespace) {
      namespace.status = { ...namespace.status, phase: "Terminating" };
      return 0;
    },
  },
  blocksDeletion: ({ spec }) => (spec?.finalizers ?? []).length > 0,
  // The bare name is an accident of upstream's that clients rely on.
  selectableFields: ({ metadata, status }) => ({ "status.phase": status?.phase ?? "", name: metadata.name }),
  cells: ({ metadata, status }, { now }) => [
    metadata.name,
    status?.phase ?? "",
    ageCell(metadata.creationTimestamp, now),
  ],
  updateSubresources: {
    status: {
      prepareForUpdate(namespace, old) {
        namespace.spec = old.spec;
      },
      validateUpdate: validatePhase,
    },
    finalize: {
      prepareForUpdate(namespace, old) {
        namespace.status = old.status;
      },
      validateUpdate: ({ spec }, old) =>
        deepEqual(spec?.finalizers, old.spec?.finalizers)
          ? []
          : (spec?.finalizers ?? []).flatMap((name, index) => validateFinalizer(name, finalizersField.index(index))),
    },
  },
};
