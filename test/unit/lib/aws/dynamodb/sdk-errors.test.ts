import { describe, expect, test } from "vitest";
import { classify } from "../../../../../lib/aws/dynamodb/sdk-errors.ts";
import { ConditionFailed, OutcomeUnknown, TableBusy, TableUnusable } from "../../../../../lib/aws/dynamodb/table.ts";

const named = (name: string, more: object = {}) => Object.assign(new Error("text"), { name, ...more });
const cancelled = (...codes: string[]) =>
  named("TransactionCanceledException", { CancellationReasons: codes.map((Code) => ({ Code })) });

describe("classify", () => {
  test.each([
    { name: "condition", error: named("ConditionalCheckFailedException"), want: ConditionFailed },
    { name: "condition in a transaction", error: cancelled("None", "ConditionalCheckFailed"), want: ConditionFailed },
    {
      name: "a condition beats a conflict: trying again is of no use",
      error: cancelled("TransactionConflict", "ConditionalCheckFailed"),
      want: ConditionFailed,
    },
    { name: "conflict", error: cancelled("None", "TransactionConflict"), want: TableBusy },
    { name: "throttled transaction", error: cancelled("ThrottlingError"), want: TableBusy },
    { name: "conflict with a single write", error: named("TransactionConflictException"), want: TableBusy },
    { name: "throttled", error: named("ProvisionedThroughputExceededException"), want: TableBusy },
    { name: "invalid transaction", error: cancelled("ValidationError"), want: TableUnusable },
    { name: "no table", error: named("ResourceNotFoundException"), want: TableUnusable },
    { name: "no permission", error: named("AccessDeniedException"), want: TableUnusable },
    { name: "no credentials", error: named("CredentialsProviderError"), want: TableUnusable },
    { name: "no region", error: new Error("Region is missing"), want: TableUnusable },
    { name: "timeout", error: named("TimeoutError"), want: OutcomeUnknown },
    { name: "server error", error: named("InternalServerError"), want: OutcomeUnknown },
    { name: "connection", error: named("Error", { code: "ECONNRESET" }), want: OutcomeUnknown },
    { name: "in progress", error: named("TransactionInProgressException"), want: OutcomeUnknown },
  ])("$name", ({ error, want }) => {
    const classified = classify(error);
    expect(classified).toBeInstanceOf(want);
    expect(classified.cause).toBe(error);
  });
});
