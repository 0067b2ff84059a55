import { expect, it } from "vitest";
import { messageText } from "../../../../../lib/aws/sqs/message-text.ts";

it.each([
  { name: "nothing special", value: { a: "b\n\u00e9\u{1f600}" } },
  { name: "what is no character", value: { "\uffff": "\ufffe\uffff" } },
  { name: "halves of pairs", value: ["\ud800", "\udfff"] },
  { name: "control characters", value: "\u0000\u0008\u001f\u007f" },
  { name: "a backslash before", value: "\\\uffff" },
])("JSON of $name means the same and is of XML's characters", ({ value }) => {
  const text = messageText(JSON.stringify(value));
  expect(text).toMatch(/^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u);
  expect(JSON.parse(text)).toEqual(value);
});
