/** How volumes can be mounted (upstream: pkg/apis/core/validation). */
import { type FieldError, forbidden, notSupported, type Path } from "../../apimachinery/validation/field.ts";

const modes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

/** Known modes; the one for a single pod stands alone. */
export function validateAccessModes(list: readonly string[] | undefined, field: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const mode of list ?? []) if (!modes.includes(mode)) errors.push(notSupported(field, mode, modes));
  const known = (list ?? []).filter((mode) => modes.includes(mode));
  if (known.includes("ReadWriteOncePod") && known.some((mode) => mode !== "ReadWriteOncePod")) {
    errors.push(forbidden(field, "may not use ReadWriteOncePod with other access modes"));
  }
  return errors;
}

/** How a table shortens them, always in the same order. */
export function accessModesCell(list: readonly string[] | undefined): string {
  const short = { ReadWriteOnce: "RWO", ReadOnlyMany: "ROX", ReadWriteMany: "RWX", ReadWriteOncePod: "RWOP" };
  return Object.entries(short)
    .filter(([mode]) => list?.includes(mode))
    .map(([, text]) => text)
    .join(",");
}

/** Values of volumeMode. */
export const volumeModes = ["Block", "Filesystem"];
