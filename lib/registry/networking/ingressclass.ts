/** IngressClasses (upstream: pkg/registry/networking/ingressclass). */
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  path,
  required,
  tooLong,
} from "../../apimachinery/validation/field.ts";
import { validateImmutableField } from "../../apimachinery/validation/meta.ts";
import { nameIsDNSLabel } from "../../apimachinery/validation/names.ts";
import type { IngressClass } from "../../openapi/types/networking-v1.ts";
import { ageCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";
import { validateDomainPrefixedPath } from "../validation/domain-prefixed-path.ts";
import { countGeneration, same } from "../validation/generation.ts";
import { validateObjectReference } from "./ingress-validation.ts";

const specField = path("spec");
const defaultAnnotation = "ingressclass.kubernetes.io/is-default-class";
const maxControllerBytes = 250;

function validateParameters({ spec }: IngressClass): FieldError[] {
  const parameters = spec?.parameters;
  if (!parameters) return [];
  const field = specField.child("parameters");
  const errors = validateObjectReference(parameters, field);
  const { scope, namespace } = parameters;
  if (scope === undefined) return [...errors, required(field.child("scope"), "")];
  const at = field.child("namespace");
  if (scope === "Cluster") {
    return namespace === undefined ? errors : [...errors, forbidden(at, "`parameters.scope` is set to 'Cluster'")];
  }
  if (scope !== "Namespace") return [...errors, notSupported(field.child("scope"), scope, ["Cluster", "Namespace"])];
  if (namespace === undefined) return [...errors, required(at, "`parameters.scope` is set to 'Namespace'")];
  return [...errors, ...nameIsDNSLabel(namespace, false).map((problem) => invalid(at, namespace, problem))];
}

function validate(object: IngressClass): FieldError[] {
  const controller = object.spec?.controller ?? "";
  const field = specField.child("controller");
  const errors = Buffer.byteLength(controller) > maxControllerBytes ? [tooLong(field, maxControllerBytes)] : [];
  return [...errors, ...validateDomainPrefixedPath(controller, field), ...validateParameters(object)];
}

function parametersCell({ spec }: IngressClass): string {
  const parameters = spec?.parameters;
  if (!parameters) return "<none>";
  const group = parameters.apiGroup === undefined ? "" : `.${parameters.apiGroup}`;
  return `${parameters.kind}${group}/${parameters.name}`;
}

/** ingressclasses.networking.k8s.io */
export const ingressClassStrategy: Strategy<IngressClass> = {
  setDefaults({ spec }) {
    if (spec?.parameters) spec.parameters.scope ??= "Cluster";
  },
  prepareForCreate({ metadata }) {
    metadata.generation = 1;
  },
  validate,
  prepareForUpdate(object, old) {
    countGeneration(object.metadata, old.metadata, !same(object.spec, old.spec));
  },
  validateUpdate: (object, old) => [
    ...validateImmutableField(object.spec?.controller, old.spec?.controller, specField.child("controller")),
    ...validate(object),
  ],
  cells: (object, { now }) => [
    `${object.metadata.name}${object.metadata.annotations?.[defaultAnnotation] === "true" ? " (default)" : ""}`,
    object.spec?.controller ?? "",
    parametersCell(object),
    ageCell(object.metadata.creationTimestamp, now),
  ],
};
