import { expect, test } from "vitest";
import * as kinds from "../../../../../lib/registry/admissionregistration/admissionregistration.ts";
import { now } from "../objects.ts";

const metadata = { name: "a" };

test.each([
  {
    name: "a validating policy",
    strategy: kinds.validatingAdmissionPolicyStrategy,
    object: { spec: { validations: [{}, {}], paramKind: { apiVersion: "v1", kind: "ConfigMap" } } },
    want: ["a", 2, "v1/ConfigMap", "<unknown>"],
  },
  {
    name: "a mutating policy",
    strategy: kinds.mutatingAdmissionPolicyStrategy,
    object: { spec: { mutations: [{}] } },
    want: ["a", 1, "<unset>", "<unknown>"],
  },
  {
    name: "a binding",
    strategy: kinds.validatingAdmissionPolicyBindingStrategy,
    object: { spec: { policyName: "p", paramRef: { name: "n" } } },
    want: ["a", "p", "*/n", "<unknown>"],
  },
  {
    name: "a binding by labels",
    strategy: kinds.mutatingAdmissionPolicyBindingStrategy,
    object: { spec: { policyName: "p", paramRef: { selector: { matchLabels: { a: "b" } } } } },
    want: [
      "a",
      "p",
      "&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{},}",
      "<unknown>",
    ],
  },
  {
    name: "validating webhooks",
    strategy: kinds.validatingWebhookConfigurationStrategy,
    object: { webhooks: [{}] },
    want: ["a", 1, "<unknown>"],
  },
  {
    name: "mutating webhooks",
    strategy: kinds.mutatingWebhookConfigurationStrategy,
    object: {},
    want: ["a", 0, "<unknown>"],
  },
])("the row of $name", ({ strategy, object, want }) => {
  expect(strategy.cells?.({ metadata, ...object } as never, { now })).toEqual(want);
});

test("generations count specs and webhooks", () => {
  const old = { metadata: { name: "a", generation: 1 }, webhooks: [{ name: "w" }] };
  const next = { metadata: { name: "a", generation: 1 }, webhooks: [] };
  kinds.validatingWebhookConfigurationStrategy.prepareForUpdate?.(next as never, old as never, undefined as never);
  expect(next.metadata.generation).toBe(2);
});
