import { expect, it } from "vitest";
import {
  nodeReportKey,
  reportSignature,
  sentByInstance,
  sessionName,
  signedByNode,
} from "../../../../lib/nodes/sender.ts";

const node = "i-0123456789abcdef0";

it.each([
  { senderId: `AROAEXAMPLE0000000000:${node}`, want: node },
  { senderId: "AROAEXAMPLE0000000000:botocore-session-1", want: "botocore-session-1" },
  { senderId: "AIDAEXAMPLE0000000000", want: undefined },
  { senderId: `AIDAEXAMPLE0000000000:${node}`, want: undefined },
  { senderId: `AROAEXAMPLE0000000000:x:${node}`, want: undefined },
  { senderId: `AROAEXAMPLE0000000000:${node}\n`, want: undefined },
  { senderId: node, want: undefined },
  { senderId: "", want: undefined },
])("the session of $senderId is $want", ({ senderId, want }) => {
  expect(sessionName(senderId)).toBe(want);
  expect(sentByInstance({ senderId, signature: "any" }, node, "body")).toBe(want === node);
});

it("a node can sign for itself alone", () => {
  const isSentBy = signedByNode("secret");
  const signature = (key: string) => ({ senderId: "", signature: reportSignature(key, "body") });
  const own = signature(nodeReportKey("secret", node));
  expect(isSentBy(own, node, "body")).toBe(true);
  expect(isSentBy(own, node, "another body")).toBe(false);
  expect(isSentBy(own, "another", "body")).toBe(false);
  expect(isSentBy(signature("secret"), node, "body")).toBe(false);
  expect(isSentBy({ senderId: `AROA:${node}` }, node, "body")).toBe(false);
});

it("a signature is of what the body's JSON says, however it is spaced", () => {
  const isSentBy = signedByNode("secret");
  const own = { senderId: "", signature: reportSignature(nodeReportKey("secret", node), '{"a":[1,"ä"]}') };
  expect(isSentBy(own, node, '{"a": [1, "\\u00e4"]}')).toBe(true);
  expect(isSentBy(own, node, '{"a": [2, "\\u00e4"]}')).toBe(false);
});
