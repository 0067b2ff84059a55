import { expect, test } from "vitest";
import { jsonText } from "../../../../lib/apiserver/respond.ts";

test.each([
  { name: "none", warnings: [], want: undefined },
  { name: "identical ones are sent once, in the order they came", warnings: ["b", "a", "b"], want: ["b", "a"] },
  { name: "empty ones are not sent", warnings: ["", "a"], want: ["a"] },
  { name: "quotes and line breaks", warnings: ['say "a"\nb'], want: ['say \\"a\\" b'] },
])("warnings: $name", ({ warnings, want }) => {
  const { headers } = jsonText(200, "{}", { format: "json", pretty: false }, warnings);
  expect(headers.Warning).toEqual(want?.map((text) => `299 - "${text}"`));
});
