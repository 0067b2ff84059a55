/** Whom a flow schema's rule is about (upstream: pkg/apis/flowcontrol/validation). */
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  required,
} from "../../apimachinery/validation/field.ts";
import { nameIsDNSLabel, nameIsDNSSubdomain } from "../../apimachinery/validation/names.ts";
import type { ServiceAccountSubject, Subject } from "../../openapi/types/flowcontrol-v1.ts";

/** The field of each kind. */
const fieldOf = { Group: "group", ServiceAccount: "serviceAccount", User: "user" } as const;

function validateServiceAccount({ name, namespace }: ServiceAccountSubject, field: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) errors.push(required(field.child("name"), ""));
  else if (name !== "*") {
    errors.push(...nameIsDNSSubdomain(name, false).map((problem) => invalid(field.child("name"), name, problem)));
  }
  const at = field.child("namespace");
  if (!namespace) return [...errors, required(at, "must specify namespace for service account")];
  return [...errors, ...nameIsDNSLabel(namespace, false).map((problem) => invalid(at, namespace, problem))];
}

function validateNamed(kind: keyof typeof fieldOf, subject: Subject, field: Path): FieldError[] {
  const name = fieldOf[kind];
  const at = field.child(name);
  const value = subject[name];
  if (!value) return [required(at, `${name} is required when subject kind is '${kind}'`)];
  if (kind === "ServiceAccount") return validateServiceAccount(value as ServiceAccountSubject, at);
  return value.name ? [] : [required(at.child("name"), "")];
}

/** One subject: its kind's field, and no other. */
export function validateSubject(subject: Subject, field: Path): FieldError[] {
  const kinds = Object.keys(fieldOf) as (keyof typeof fieldOf)[];
  const own = kinds.find((kind) => kind === subject.kind);
  if (!own) return [notSupported(field.child("kind"), subject.kind, kinds)];
  const others = kinds.filter((kind) => kind !== own && subject[fieldOf[kind]] !== undefined);
  return [
    ...validateNamed(own, subject, field),
    ...others.map((kind) => {
      const name = fieldOf[kind];
      return forbidden(field.child(name), `${name} is forbidden when subject kind is not '${kind}'`);
    }),
  ];
}
