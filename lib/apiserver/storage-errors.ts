/** The store's errors as the API's: the only place where one becomes the other. */
import {
  failure,
  type GroupResource,
  newAlreadyExists,
  newConflict,
  newNotFound,
  newRequestEntityTooLarge,
  newResourceExpired,
  optimisticLockMessage,
  StatusError,
} from "../apimachinery/errors.ts";
import {
  KeyExists,
  KeyNotFound,
  RevisionCompacted,
  RevisionConflict,
  RevisionInFuture,
  StoreUnavailable,
  ValueTooLarge,
} from "../storage/interface.ts";

/** The StatusError of whatever a store call on an object has thrown. Errors that are none of the store's stay as they are. */
export function translate(error: unknown, gr: GroupResource, name: string): unknown {
  if (error instanceof StatusError) return error;
  if (error instanceof KeyExists) return newAlreadyExists(gr, name);
  if (error instanceof KeyNotFound) return newNotFound(gr, name);
  if (error instanceof RevisionConflict) return newConflict(gr, name, optimisticLockMessage);
  if (error instanceof ValueTooLarge) return newRequestEntityTooLarge("etcdserver: request is too large");
  if (error instanceof StoreUnavailable) {
    return failure(503, "ServiceUnavailable", `the store cannot answer: ${error.message}`);
  }
  if (error instanceof RevisionCompacted) {
    return newResourceExpired("The resourceVersion for the provided list is too old.");
  }
  if (error instanceof RevisionInFuture) return error;
  return error;
}

/** 504: a revision that the store has not reached. */
export function tooLargeResourceVersion(wanted: string, current: number): StatusError {
  const text = `Timeout: Too large resource version: ${wanted}, current: ${current}`;
  const causes = [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }];
  return failure(504, "Timeout", text, { causes, retryAfterSeconds: 1 });
}
