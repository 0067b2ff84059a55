import { describe, expect, test } from "vitest";
import { type FieldError, fieldErrorText, path } from "../../../../../lib/apimachinery/validation/field.ts";
import { validateObjectMeta, validateObjectMetaUpdate } from "../../../../../lib/apimachinery/validation/meta.ts";
import {
  isConfigMapKey,
  isDNS1123Label,
  nameIsDNSSubdomain,
} from "../../../../../lib/apimachinery/validation/names.ts";

const text = (errors: FieldError[]) => errors.map((error) => `${error.field}: ${fieldErrorText(error)}`);

describe("validateObjectMeta", () => {
  const good = { name: "a", namespace: "n" };
  const cases: { name: string; meta: Record<string, unknown>; want: string[] }[] = [
    { name: "good", meta: {}, want: [] },
    { name: "no name", meta: { name: "" }, want: ["metadata.name: Required value: name or generateName is required"] },
    { name: "no namespace", meta: { namespace: "" }, want: ["metadata.namespace: Required value"] },
    {
      name: "a label's value",
      meta: { labels: { a: "-x" } },
      want: [
        `metadata.labels: Invalid value: "-x": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
      ],
    },
    {
      name: "both finalizers",
      meta: { finalizers: ["orphan", "foregroundDeletion"] },
      want: [
        'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
      ],
    },
  ];
  test.each(cases)("$name", ({ meta, want }) => {
    expect(text(validateObjectMeta({ ...good, ...meta }, true, nameIsDNSSubdomain, path("metadata")))).toEqual(want);
  });
});

test("an update keeps the name and needs a revision", () => {
  const errors = validateObjectMetaUpdate({ name: "b" }, { name: "a", resourceVersion: "1" }, path("metadata"));
  expect(text(errors)).toEqual([
    'metadata.resourceVersion: Invalid value: "": must be specified for an update',
    'metadata.name: Invalid value: "b": field is immutable',
  ]);
});

test("names", () => {
  expect(isDNS1123Label("a.b")).toEqual(["must not contain dots"]);
  expect(isConfigMapKey("..a")).toEqual(["must not start with '..'"]);
  expect(nameIsDNSSubdomain("abc-", true)).toEqual([]);
});
