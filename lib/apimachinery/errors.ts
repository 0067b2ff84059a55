/**
 * The one error of the API: a metav1.Status. Constructors, reasons and messages are those of upstream's
 * apimachinery/pkg/api/errors.
 */
import { type FieldError, fieldErrorText } from "./validation/field.ts";

/** One cause inside status.details. */
export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

/** metav1.Status, as it is sent. */
export interface Status {
  kind: "Status";
  apiVersion: "v1";
  metadata: Record<string, unknown>;
  status?: "Success" | "Failure";
  message?: string;
  reason?: string;
  details?: {
    name?: string;
    group?: string;
    kind?: string;
    uid?: string;
    causes?: StatusCause[];
    retryAfterSeconds?: number;
  };
  code?: number;
}

/** Group and resource (plural); the group of core is "". */
export interface GroupResource {
  group: string;
  resource: string;
}

/** `pods`, `deployments.apps`: a resource as messages name it. */
export function groupResourceText({ group, resource }: GroupResource): string {
  return group === "" ? resource : `${resource}.${group}`;
}

/** An error whose answer to the client is `status`. Thrown by every layer of the API server and by every client. */
export class StatusError extends Error {
  readonly status: Status;
  constructor(status: Status) {
    super(status.message ?? status.reason ?? "unknown error");
    this.name = "StatusError";
    this.status = status;
  }

  get code(): number {
    return this.status.code ?? 500;
  }

  get reason(): string {
    return this.status.reason ?? "";
  }
}

/** A failure Status from its parts; empty parts are left out of what is sent. */
export function failure(code: number, reason: string, message: string, details?: Status["details"]): StatusError {
  return new StatusError({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    ...(reason === "" ? {} : { reason }),
    ...(details === undefined ? {} : { details }),
    code,
  });
}

/** details without its empty parts. */
function details(gr: GroupResource, name: string, more: Status["details"] = {}): Status["details"] {
  return {
    ...(name === "" ? {} : { name }),
    ...(gr.group === "" ? {} : { group: gr.group }),
    ...(gr.resource === "" ? {} : { kind: gr.resource }),
    ...more,
  };
}

/** 404: there is no such object. */
export function newNotFound(gr: GroupResource, name: string): StatusError {
  return failure(404, "NotFound", `${groupResourceText(gr)} "${name}" not found`, details(gr, name));
}

/** 404 of a path, version or resource that is not served. */
export function newGenericNotFound(): StatusError {
  return failure(404, "NotFound", "the server could not find the requested resource", {});
}

/** 409: an object of that name exists. */
export function newAlreadyExists(gr: GroupResource, name: string): StatusError {
  return failure(409, "AlreadyExists", `${groupResourceText(gr)} "${name}" already exists`, details(gr, name));
}

/** 409: the write was based on a state that has changed; `message` says what. */
export function newConflict(gr: GroupResource, name: string, message: string): StatusError {
  const text = `Operation cannot be fulfilled on ${groupResourceText(gr)} "${name}": ${message}`;
  return failure(409, "Conflict", text, details(gr, name));
}

/** What a Conflict says when the object's resourceVersion has moved on. */
export const optimisticLockMessage =
  "the object has been modified; please apply your changes to the latest version and try again";

/** 401. */
export function newUnauthorized(message = "Unauthorized"): StatusError {
  return failure(401, "Unauthorized", message);
}

/** 403; `message` is what the authorizer or admission plugin says. */
export function newForbidden(gr: GroupResource, name: string, message: string): StatusError {
  const subject = gr.resource === "" ? "" : name === "" ? groupResourceText(gr) : `${groupResourceText(gr)} "${name}"`;
  const text = subject === "" ? `forbidden: ${message}` : `${subject} is forbidden: ${message}`;
  return failure(403, "Forbidden", text, details(gr, name));
}

/** 422 from the field errors of validation. `kind` is a Kind, not a resource. */
export function newInvalid(
  gk: { group: string; kind: string },
  name: string,
  errors: readonly FieldError[],
): StatusError {
  const kind = gk.group === "" ? gk.kind : `${gk.kind}.${gk.group}`;
  const texts = [...new Set(errors.map((error) => `${error.field}: ${fieldErrorText(error)}`))];
  const list = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  const causes = errors.map((error) => ({ reason: error.type, message: fieldErrorText(error), field: error.field }));
  return failure(422, "Invalid", `${kind} "${name}" is invalid: ${list}`, {
    ...(name === "" ? {} : { name }),
    ...(gk.group === "" ? {} : { group: gk.group }),
    ...(gk.kind === "" ? {} : { kind: gk.kind }),
    ...(causes.length === 0 ? {} : { causes }),
  });
}

/** 400. */
export function newBadRequest(message: string): StatusError {
  return failure(400, "BadRequest", message);
}

/** 405 of a verb that the resource does not have. */
export function newMethodNotSupported(gr: GroupResource, verb: string): StatusError {
  const text = `${verb} is not supported on resources of kind "${groupResourceText(gr)}"`;
  return failure(405, "MethodNotAllowed", text, details(gr, ""));
}

/** 406: nothing in Accept can be served. */
export function newNotAcceptable(accepted: readonly string[]): StatusError {
  return failure(406, "NotAcceptable", `only the following media types are accepted: ${accepted.join(", ")}`);
}

/** 415: the body's media type cannot be read here. */
export function newUnsupportedMediaType(accepted: readonly string[]): StatusError {
  const text = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`;
  return failure(415, "UnsupportedMediaType", text);
}

/** 410: that revision's history is gone. */
export function newResourceExpired(message: string): StatusError {
  return failure(410, "Expired", message);
}

/** 413: the body is larger than the server reads. */
export function newRequestEntityTooLarge(message: string): StatusError {
  return failure(413, "RequestEntityTooLarge", `Request entity too large: ${message}`);
}

/** 429; retryAfterSeconds is also sent as the Retry-After header. */
export function newTooManyRequests(message: string, retryAfterSeconds: number): StatusError {
  return failure(429, "TooManyRequests", message, retryAfterSeconds > 0 ? { retryAfterSeconds } : {});
}

/** 500: something that is not the client's fault. */
export function newInternalError(message: string): StatusError {
  return failure(500, "InternalError", `Internal error occurred: ${message}`, { causes: [{ message }] });
}

/** 504 with a hint when to retry. */
export function newServerTimeout(gr: GroupResource, operation: string, retryAfterSeconds: number): StatusError {
  const text = `The ${operation} operation against ${groupResourceText(gr)} could not be completed at this time, please try again.`;
  return failure(500, "ServerTimeout", text, details(gr, operation, { retryAfterSeconds }));
}

/** Whether an error is a Status with that reason. */
export function hasReason(error: unknown, reason: string): error is StatusError {
  return error instanceof StatusError && error.reason === reason;
}

/** Whether an error says that the object (or resource) does not exist. */
export const isNotFound = (error: unknown): error is StatusError => hasReason(error, "NotFound");
/** Whether an error says that the object has changed since it was read. */
export const isConflict = (error: unknown): error is StatusError => hasReason(error, "Conflict");
/** Whether an error says that an object of that name is there already. */
export const isAlreadyExists = (error: unknown): error is StatusError => hasReason(error, "AlreadyExists");
