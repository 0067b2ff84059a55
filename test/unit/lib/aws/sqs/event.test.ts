import { expect, it } from "vitest";
import { batchResponse, groupOf } from "../../../../../lib/aws/sqs/event.ts";

it("a batch's answer names what failed", () => {
  expect(batchResponse(["a", "b"])).toEqual({ batchItemFailures: [{ itemIdentifier: "a" }, { itemIdentifier: "b" }] });
  expect(batchResponse([])).toEqual({ batchItemFailures: [] });
});

it("a message without a group is one of its own", () => {
  const record = { messageId: "m", body: "", eventSource: "aws:sqs", eventSourceARN: "", attributes: {} };
  expect(groupOf(record)).toBe("m");
  expect(groupOf({ ...record, attributes: { MessageGroupId: "g" } })).toBe("g");
});
