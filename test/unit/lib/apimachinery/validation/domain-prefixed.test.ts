import { expect, it } from "vitest";
import { isDomainPrefixedPath } from "../../../../../lib/apimachinery/validation/domain-prefixed.ts";
import { fieldErrorText, path } from "../../../../../lib/apimachinery/validation/field.ts";

const cases = [
  { name: "a domain and a path", value: "acme.io/foo/bar", want: [] },
  { name: "nothing", value: "", want: ["Required value"] },
  {
    name: "no slash",
    value: "foo",
    want: ['Invalid value: "foo": must be a domain-prefixed path (such as "acme.io/foo")'],
  },
  {
    name: "no domain",
    value: "/foo",
    want: ['Invalid value: "/foo": must be a domain-prefixed path (such as "acme.io/foo")'],
  },
];
it.each(cases)("$name", ({ value, want }) => {
  expect(isDomainPrefixedPath(path("x"), value).map(fieldErrorText)).toEqual(want);
});
it("says what is wrong with both parts", () => {
  expect(isDomainPrefixedPath(path("x"), "A_/ ").map(({ value }) => value)).toEqual(["A_", " "]);
});
