import { describe, expect, test } from "vitest";
import {
  conditionText,
  Expression,
  itemAttributes,
  itemOf,
  keyConditionText,
  putInput,
  transactItem,
  updateInput,
} from "../../../../../lib/aws/dynamodb/expression.ts";
import type { Condition, Query } from "../../../../../lib/aws/dynamodb/table.ts";

/** An expression with its placeholders put in, to read it. */
function readable(text: string | undefined, expression: Expression): string | undefined {
  const { ExpressionAttributeNames: names = {}, ExpressionAttributeValues: values = {} } = expression.attributes();
  return text
    ?.replaceAll(/#\d+/g, (name) => names[name] ?? name)
    .replaceAll(/:\d+/g, (name) => values[name]?.S ?? values[name]?.N ?? name);
}

describe("keyConditionText", () => {
  test.each<{ name: string; query: Query; want: string | undefined }>([
    { name: "a whole partition", query: { pk: "P" }, want: "pk = P" },
    { name: "after the empty key", query: { pk: "P", after: "" }, want: "pk = P" },
    { name: "after a key", query: { pk: "P", after: "a" }, want: "pk = P AND sk >= a\0" },
    { name: "a prefix", query: { pk: "P", prefix: "a/" }, want: "pk = P AND sk BETWEEN a/ AND a/\u{10ffff}" },
    {
      name: "after a key of the prefix",
      query: { pk: "P", prefix: "a/", after: "a/x" },
      want: "pk = P AND sk BETWEEN a/x\0 AND a/\u{10ffff}",
    },
    {
      name: "after a key before the prefix",
      query: { pk: "P", prefix: "b/", after: "a/x" },
      want: "pk = P AND sk BETWEEN b/ AND b/\u{10ffff}",
    },
    { name: "after a key behind the prefix: nothing", query: { pk: "P", prefix: "a/", after: "b/x" }, want: undefined },
    { name: "up to a key", query: { pk: "P", to: "9" }, want: "pk = P AND sk <= 9" },
    { name: "a range", query: { pk: "P", after: "1", to: "9" }, want: "pk = P AND sk BETWEEN 1\0 AND 9" },
  ])("$name", ({ query, want }) => {
    const expression = new Expression();
    expect(readable(keyConditionText(query, expression), expression)).toBe(want);
  });
});

describe("conditionText", () => {
  test.each<{ name: string; condition: Condition; want: string }>([
    { name: "absent", condition: [[{ absent: "pk" }]], want: "attribute_not_exists(pk)" },
    {
      name: "all of",
      condition: [[{ attribute: "r", is: "=", than: 7 }, { absent: "dead" }]],
      want: "r = 7 AND attribute_not_exists(dead)",
    },
    {
      name: "any of",
      condition: [[{ absent: "pk" }], [{ exists: "dead" }, { attribute: "r", is: "<", than: 7 }]],
      want: "(attribute_not_exists(pk)) OR (attribute_exists(dead) AND r < 7)",
    },
  ])("$name", ({ condition, want }) => {
    const expression = new Expression();
    expect(readable(conditionText(condition, expression), expression)).toBe(want);
  });
});

test("items go there and back", () => {
  const item = { pk: "p", sk: "s", text: "", number: 2 ** 53 - 1, bytes: new Uint8Array([1, 2]) };
  expect(itemOf(itemAttributes(item))).toEqual(item);
});

test("an update sets, sets once and adds", () => {
  const input = updateInput({
    update: { pk: "p", sk: "s" },
    set: { a: 1 },
    setOnce: { b: "x" },
    add: { c: 1 },
    when: [[{ absent: "d" }]],
  });
  expect(input).toEqual({
    Key: { pk: { S: "p" }, sk: { S: "s" } },
    UpdateExpression: "SET #0 = :0, #1 = if_not_exists(#1, :1) ADD #2 :2",
    ConditionExpression: "attribute_not_exists(#3)",
    ExpressionAttributeNames: { "#0": "a", "#1": "b", "#2": "c", "#3": "d" },
    ExpressionAttributeValues: { ":0": { N: "1" }, ":1": { S: "x" }, ":2": { N: "1" } },
  });
});

test("a put without a condition has no placeholders, which DynamoDB would refuse", () => {
  expect(putInput({ put: { pk: "p", sk: "s" } })).toEqual({ Item: { pk: { S: "p" }, sk: { S: "s" } } });
});

test("each write has its place in a transaction", () => {
  const kinds = [
    { put: { pk: "p", sk: "s" } },
    { remove: { pk: "p", sk: "s" } },
    { update: { pk: "p", sk: "s" }, add: { n: 1 } },
  ];
  expect(kinds.flatMap((write) => Object.keys(transactItem("table", write)))).toEqual(["Put", "Delete", "Update"]);
});
