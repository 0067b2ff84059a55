import { expect, it } from "vitest";
import type { ResourceQuota } from "../../../../lib/openapi/types/core-v1.ts";
import { isInScope } from "../../../../lib/quota/scopes.ts";

const pods = { group: "", resource: "pods" };
const pod = (spec: object) => ({ spec: { containers: [{ name: "c" }], ...spec } });
const greedy = { containers: [{ name: "c", resources: { requests: { cpu: "1" } } }] };
const far = { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "k", namespaces: ["n"] }] };
const priority = (operator: string, values?: string[]) => ({
  scopeSelector: { matchExpressions: [{ scopeName: "PriorityClass", operator, ...(values && { values }) }] },
});

it.each([
  { name: "no scopes", spec: {}, object: pod({}), want: true },
  { name: "Terminating", spec: { scopes: ["Terminating"] }, object: pod({ activeDeadlineSeconds: 0 }), want: true },
  { name: "not Terminating", spec: { scopes: ["Terminating"] }, object: pod({}), want: false },
  { name: "NotTerminating", spec: { scopes: ["NotTerminating"] }, object: pod({}), want: true },
  { name: "BestEffort", spec: { scopes: ["BestEffort"] }, object: pod({}), want: true },
  { name: "not BestEffort", spec: { scopes: ["BestEffort"] }, object: pod(greedy), want: false },
  { name: "NotBestEffort", spec: { scopes: ["NotBestEffort"] }, object: pod(greedy), want: true },
  { name: "all must hold", spec: { scopes: ["BestEffort", "Terminating"] }, object: pod({}), want: false },
  {
    name: "other namespaces",
    spec: { scopes: ["CrossNamespacePodAffinity"] },
    object: pod({ affinity: { podAffinity: far } }),
    want: true,
  },
  { name: "a class", spec: priority("In", ["a"]), object: pod({ priorityClassName: "a" }), want: true },
  { name: "another class", spec: priority("In", ["a"]), object: pod({ priorityClassName: "b" }), want: false },
  { name: "none of these", spec: priority("NotIn", ["a"]), object: pod({ priorityClassName: "b" }), want: true },
  { name: "no class", spec: priority("DoesNotExist"), object: pod({}), want: true },
  { name: "any class", spec: priority("Exists"), object: pod({}), want: false },
  { name: "an unknown scope", spec: { scopes: ["Sunday"] }, object: pod({}), want: false },
])("$name", ({ spec, object, want }) => {
  expect(isInScope({ spec } as unknown as ResourceQuota, pods, object)).toBe(want);
});

it("a quota with scopes counts nothing but pods", () => {
  const quota = { spec: { scopes: ["BestEffort"] } } as unknown as ResourceQuota;
  expect(isInScope(quota, { group: "", resource: "services" }, {})).toBe(false);
  expect(isInScope({ spec: {} } as ResourceQuota, { group: "", resource: "services" }, {})).toBe(true);
});
