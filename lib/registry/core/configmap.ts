/** ConfigMaps (upstream: pkg/registry/core/configmap). */
import { type FieldError, invalid, Path, path, tooLong } from "../../apimachinery/validation/field.ts";
import { validateObjectMeta } from "../../apimachinery/validation/meta.ts";
import { nameIsDNSSubdomain } from "../../apimachinery/validation/names.ts";
import type { ConfigMap } from "../../openapi/types/core-v1.ts";
import { ageCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";
import { base64Bytes, maxDataBytes, validateDataKeys, validateSealed } from "./immutable-data.ts";

function validate({ data = {}, binaryData = {} }: ConfigMap): FieldError[] {
  const errors = [...validateDataKeys(data, path("data")), ...validateDataKeys(binaryData, path("binaryData"))];
  let bytes = 0;
  for (const [key, value] of Object.entries(data)) {
    if (key in binaryData) errors.push(invalid(path("data").key(key), key, "duplicate of key present in binaryData"));
    bytes += Buffer.byteLength(value);
  }
  for (const value of Object.values(binaryData)) bytes += base64Bytes(value);
  // The whole object is meant: upstream writes that as an index without a name.
  if (bytes > maxDataBytes) errors.push(tooLong(new Path("[]"), maxDataBytes));
  return errors;
}

/** configmaps */
export const configMapStrategy: Strategy<ConfigMap> = {
  validate,
  validateUpdate: (object, old) => [
    ...validateSealed(object, old),
    // Upstream looks at the whole metadata again here, as if the object were new.
    ...validateObjectMeta(object.metadata, true, nameIsDNSSubdomain, path("metadata")),
    ...validate(object),
  ],
  cells: ({ metadata, data = {}, binaryData = {} }, { now }) => [
    metadata.name,
    Object.keys(data).length + Object.keys(binaryData).length,
    ageCell(metadata.creationTimestamp, now),
  ],
};
