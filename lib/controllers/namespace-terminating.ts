/** Writes that fail because their namespace ends (upstream: core/v1 NamespaceTerminatingCause). */
import { StatusError } from "../apimachinery/errors.ts";

/** Whether a create was refused because the namespace is being deleted: trying again cannot help. */
export function isNamespaceTerminating(error: unknown): boolean {
  if (!(error instanceof StatusError)) return false;
  return error.status.details?.causes?.some((cause) => cause.reason === "NamespaceTerminating") ?? false;
}
