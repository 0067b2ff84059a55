/** Classes of devices (upstream: pkg/apis/resource/validation). Expressions are taken as they are. */
import { type FieldError, invalid, path } from "../../apimachinery/validation/field.ts";
import type { DeviceClass } from "../../openapi/types/resource-v1.ts";
import { same } from "../validation/generation.ts";
import { isExtendedResource } from "../validation/resource-names.ts";
import { most, validateSelectors } from "./claim-validation.ts";
import { validateList } from "./lists.ts";
import { validateConfiguration } from "./opaque-configuration.ts";

/** A new class, or one that replaces `old`: configurations that stay may be longer than new ones. */
export function validateClass({ spec }: DeviceClass, old?: DeviceClass): FieldError[] {
  const field = path("spec");
  const isStored = old !== undefined && same(spec.config, old.spec.config);
  const name = spec.extendedResourceName;
  const errors = [
    ...validateSelectors(spec.selectors, field.child("selectors")),
    ...validateList(spec.config, most.configs, field.child("config"), (config, at) =>
      validateConfiguration(config, at, isStored),
    ),
  ];
  if (name === undefined || isExtendedResource(name)) return errors;
  return [...errors, invalid(field.child("extendedResourceName"), name, "must be a valid extended resource name")];
}
