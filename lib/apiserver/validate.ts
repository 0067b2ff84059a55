/** Validation of writes: metadata for every kind, the rest by its strategy. Throws 422. */
import { newInvalid } from "../apimachinery/errors.ts";
import type { AnyObject } from "../apimachinery/meta.ts";
import { type FieldError, invalid, path } from "../apimachinery/validation/field.ts";
import { validateObjectMeta, validateObjectMetaUpdate } from "../apimachinery/validation/meta.ts";
import { nameIsDNSSubdomain, pathSegmentName } from "../apimachinery/validation/names.ts";
import type { StrategyContext, UpdateStrategy } from "../registry/strategy.ts";
import type { Endpoint } from "./endpoint.ts";

const metadata = path("metadata");
const standardFinalizers = new Set(["kubernetes", "orphan", "foregroundDeletion"]);

/** Finalizers without a domain must be upstream's own. */
function validateFinalizerNames(finalizers: readonly string[] | undefined): FieldError[] {
  return (finalizers ?? []).flatMap((name, index) => {
    if (name.includes("/") || standardFinalizers.has(name)) return [];
    const text = "name is neither a standard finalizer name nor is it fully qualified";
    return [invalid(metadata.child("finalizers").index(index), name, text)];
  });
}

/** The kind is named as it is stored. */
function refuse({ gvk, info }: Endpoint, object: AnyObject, errors: FieldError[]): void {
  const gk = { group: info.storage.group, kind: gvk.kind };
  if (errors.length > 0) throw newInvalid(gk, object.metadata.name ?? "", errors);
}

/** A new object. */
export async function validateCreate(endpoint: Endpoint, object: AnyObject, context: StrategyContext): Promise<void> {
  const { strategy, info } = endpoint;
  const validateName = strategy.validateName ?? nameIsDNSSubdomain;
  const errors = validateObjectMeta(object.metadata, info.namespaced, validateName, metadata);
  if (object.metadata.finalizers) errors.push(...validateFinalizerNames(object.metadata.finalizers));
  if (strategy.validate) errors.push(...(await strategy.validate(object, context)));
  refuse(endpoint, object, errors);
}

/** An object that replaces `old`, through the main resource or a subresource. */
export async function validateUpdate(
  endpoint: Endpoint,
  strategy: UpdateStrategy<AnyObject>,
  object: AnyObject,
  old: AnyObject,
  context: StrategyContext,
): Promise<void> {
  const ofMetadata = validateObjectMetaUpdate(object.metadata, old.metadata, metadata);
  // Upstream looks at metadata in general and again for the kind: its answers name each cause twice.
  const errors = validateObjectMeta(object.metadata, endpoint.info.namespaced, pathSegmentName, metadata);
  errors.push(...ofMetadata, ...ofMetadata);
  const added = object.metadata.finalizers?.filter((name) => !old.metadata.finalizers?.includes(name));
  if (added && added.length > 0) errors.push(...validateFinalizerNames(object.metadata.finalizers));
  if (strategy.validateUpdate) errors.push(...(await strategy.validateUpdate(object, old, context)));
  refuse(endpoint, object, errors);
}
