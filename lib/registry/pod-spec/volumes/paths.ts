/** Paths inside volumes and below a node's folders. */
import { type FieldError, invalid, type Path } from "../../../apimachinery/validation/field.ts";

/** No `..` in it. */
export function validatePathNoBacksteps(text: string, path: Path): FieldError[] {
  return text.split("/").includes("..") ? [invalid(path, text, "must not contain '..'")] : [];
}

/** Relative, and never upwards. */
export function validateLocalDescendingPath(text: string, path: Path): FieldError[] {
  const errors = text.startsWith("/") ? [invalid(path, text, "must be a relative path")] : [];
  return [...errors, ...validatePathNoBacksteps(text, path)];
}

/** As above, and none of the names that the writer of volumes keeps for itself. */
export function validateLocalNonReservedPath(text: string, path: Path): FieldError[] {
  const errors = validateLocalDescendingPath(text, path);
  if (text.startsWith("..") && !text.startsWith("../")) {
    errors.push(invalid(path, text, "must not start with '..'"));
  }
  return errors;
}
