/** Volumes whose files come from the API: secrets, config maps, the pod itself. */
import { type FieldError, invalid, type Path, required } from "../../../apimachinery/validation/field.ts";
import type { KeyToPath, Volume } from "../../../openapi/types/core-v1.ts";
import { validateFieldRef, validateResourceFieldRef } from "../env-sources.ts";
import { validateLocalNonReservedPath } from "./paths.ts";

const fieldPaths = ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];

/** Permissions of files. */
export function validateMode(value: number | undefined, path: Path): FieldError[] {
  if (value === undefined || (value >= 0 && value <= 0o777)) return [];
  return [invalid(path, value, "must be a number between 0 and 0777 (octal), both inclusive")];
}

/** A key of a ConfigMap or Secret, and the file that it becomes. */
export function validateItem({ key, path: file = "", mode }: KeyToPath, path: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (!key) errors.push(required(path.child("key"), ""));
  if (file === "") errors.push(required(path.child("path"), ""));
  errors.push(...validateLocalNonReservedPath(file, path.child("path")));
  return [...errors, ...validateMode(mode, path.child("mode"))];
}

const validateItems = (items: readonly KeyToPath[] | undefined, path: Path): FieldError[] =>
  (items ?? []).flatMap((item, index) => validateItem(item, path.index(index)));

/** secret */
export function secret(source: NonNullable<Volume["secret"]>, path: Path): FieldError[] {
  return [
    ...(source.secretName ? [] : [required(path.child("secretName"), "")]),
    ...validateMode(source.defaultMode, path.child("defaultMode")),
    ...validateItems(source.items, path.child("items")),
  ];
}

/** configMap */
export function configMap(source: NonNullable<Volume["configMap"]>, path: Path): FieldError[] {
  return [
    ...(source.name ? [] : [required(path.child("name"), "")]),
    ...validateMode(source.defaultMode, path.child("defaultMode")),
    ...validateItems(source.items, path.child("items")),
  ];
}

/** A file that shows a field of the pod. */
type DownwardFile = NonNullable<NonNullable<Volume["downwardAPI"]>["items"]>[number];

/** A file that shows a field of the pod or a resource of a container. Upstream's paths have no index. */
export function validateDownwardFile(file: DownwardFile, path: Path): FieldError[] {
  const { path: name = "", fieldRef, resourceFieldRef, mode } = file;
  const errors: FieldError[] = [];
  if (name === "") errors.push(required(path.child("path"), ""));
  errors.push(...validateLocalNonReservedPath(name, path.child("path")));
  if (fieldRef) {
    errors.push(...validateFieldRef(fieldRef, fieldPaths, path.child("fieldRef")));
    if (resourceFieldRef) {
      const text = "fieldRef and resourceFieldRef can not be specified simultaneously";
      errors.push(invalid(path, "resource", text));
    }
  } else if (resourceFieldRef) {
    errors.push(...validateResourceFieldRef(resourceFieldRef, true, path.child("resourceFieldRef")));
  } else errors.push(required(path, "one of fieldRef and resourceFieldRef is required"));
  return [...errors, ...validateMode(mode, path.child("mode"))];
}

/** downwardAPI */
export function downwardAPI({ defaultMode, items = [] }: NonNullable<Volume["downwardAPI"]>, path: Path): FieldError[] {
  return [
    ...validateMode(defaultMode, path.child("defaultMode")),
    ...items.flatMap((file) => validateDownwardFile(file, path)),
  ];
}
