/** What an error of the AWS SDK says about the outcome. */
import { ConditionFailed, OutcomeUnknown, TableBusy, TableUnusable } from "./table.ts";

/** Refused before anything was done; the same request may pass a little later. */
const busy = new Set([
  "ProvisionedThroughputExceededException",
  "ThrottlingException",
  "RequestLimitExceeded",
  "TransactionConflictException",
  "LimitExceededException",
]);

/** Trying again does not help; what does. */
const unusable = new Map([
  ["ResourceNotFoundException", "create the table first, or give the name of one that exists"],
  ["AccessDeniedException", "the credentials may not use this table: allow it in their IAM policy"],
  ["UnrecognizedClientException", "the credentials are not valid: renew them"],
  ["ExpiredTokenException", "the credentials have expired: renew them"],
  ["InvalidSignatureException", "the credentials are not valid, or the clock is wrong"],
  ["CredentialsProviderError", "no credentials were found: set AWS_PROFILE or AWS_ACCESS_KEY_ID"],
  ["ValidationException", "the table has another layout: it needs the string keys pk and sk"],
]);

interface CancellationReason {
  readonly Code?: string;
}

/** The store's error for the SDK's. */
export function classify(error: Error & { readonly CancellationReasons?: readonly CancellationReason[] }): Error {
  const { name, message } = error;
  if (error instanceof TableBusy) return error;
  if (name === "ConditionalCheckFailedException") return new ConditionFailed(message, { cause: error });
  if (name === "TransactionCanceledException") return classifyCancellation(error);
  if (busy.has(name)) return new TableBusy(`${name}: ${message}`, { cause: error });
  // The SDK gives this one no name of its own.
  const advice = message === "Region is missing" ? "set AWS_REGION" : unusable.get(name);
  if (advice !== undefined) return new TableUnusable(`DynamoDB: ${advice} (${name}: ${message})`, { cause: error });
  return new OutcomeUnknown(`${name}: ${message}`, { cause: error });
}

function classifyCancellation(error: Error & { readonly CancellationReasons?: readonly CancellationReason[] }): Error {
  const codes = (error.CancellationReasons ?? []).map(({ Code = "None" }) => Code).filter((code) => code !== "None");
  const text = `the transaction was cancelled: ${codes.join(", ")}`;
  if (codes.includes("ConditionalCheckFailed")) return new ConditionFailed(text, { cause: error });
  if (codes.includes("ValidationError")) return new TableUnusable(`DynamoDB: ${error.message}`, { cause: error });
  return new TableBusy(text, { cause: error });
}
