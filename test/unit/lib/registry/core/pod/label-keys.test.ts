import { expect, test } from "vitest";
import type { Pod } from "../../../../../../lib/openapi/types/core-v1.ts";
import { mergeLabelKeys } from "../../../../../../lib/registry/core/pod/label-keys.ts";

const labels = { x: "1", y: "2" };
const keys = { matchLabelKeys: ["x", "absent"], mismatchLabelKeys: ["y"] };
const term = () => ({ topologyKey: "k", labelSelector: { matchLabels: { a: "b" } }, ...keys });
const both = [
  { key: "x", operator: "In", values: ["1"] },
  { key: "y", operator: "NotIn", values: ["2"] },
];

function merged(spec: object): Pod {
  const pod = { metadata: { name: "a", labels }, spec: structuredClone(spec) } as unknown as Pod;
  mergeLabelKeys(pod);
  return pod;
}

test("terms of pod affinity and anti-affinity, required and preferred", () => {
  const { spec } = merged({
    affinity: {
      podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term()] },
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: term() }],
      },
    },
  });
  const required = spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.[0];
  const preferred =
    spec.affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution?.[0].podAffinityTerm;
  for (const one of [required, preferred]) {
    expect(one?.labelSelector).toEqual({ matchLabels: { a: "b" }, matchExpressions: both });
  }
});

test("spread constraints; a selector that is absent stays so", () => {
  const constraint = { maxSkew: 1, topologyKey: "k", whenUnsatisfiable: "DoNotSchedule", matchLabelKeys: ["x"] };
  const { spec } = merged({ topologySpreadConstraints: [{ ...constraint, labelSelector: {} }, constraint] });
  const selectors = spec.topologySpreadConstraints?.map(({ labelSelector }) => labelSelector);
  expect(selectors).toEqual([{ matchExpressions: [both[0]] }, undefined]);
});
