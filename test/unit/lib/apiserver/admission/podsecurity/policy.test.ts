import { expect, test } from "vitest";
import { policyErrors, policyOf, policyText } from "../../../../../../lib/apiserver/admission/podsecurity/policy.ts";

const key = (name: string) => `pod-security.kubernetes.io/${name}`;

test.each([
  { name: "nothing is asked for", labels: {}, want: undefined },
  { name: "the latest version", labels: { [key("enforce")]: "baseline" }, want: '"baseline:latest"' },
  {
    name: "a version",
    labels: { [key("enforce")]: "restricted", [key("enforce-version")]: "v1.30" },
    want: '"restricted:v1.30"',
  },
  { name: "an unknown level is the strictest", labels: { [key("enforce")]: "x" }, want: '"restricted:latest"' },
  {
    name: "an unknown version is the latest",
    labels: { [key("enforce")]: "baseline", [key("enforce-version")]: "v1.01" },
    want: '"baseline:latest"',
  },
])("$name", ({ labels, want }) => {
  const policy = policyOf(labels, "enforce");
  expect(policy && policyText(policy)).toBe(want);
});

test("labels that mean nothing", () => {
  expect(policyErrors({ [key("enforce")]: "privileged", [key("warn-version")]: "latest" })).toEqual([]);
  expect(policyErrors(undefined)).toEqual([]);
  const errors = policyErrors({ [key("audit")]: "x", [key("warn-version")]: "v2" });
  expect(errors.map(({ field, value, detail }) => [field, value, detail])).toEqual([
    [`metadata.labels[${key("audit")}]`, "x", "must be one of privileged, baseline, restricted"],
    [`metadata.labels[${key("warn-version")}]`, "v2", 'must be "latest" or "v1.x"'],
  ]);
});
