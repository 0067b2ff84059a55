import { describe, expect, it } from "vitest";
import { fieldErrorText } from "../../../../../lib/apimachinery/validation/field.ts";
import { bindingCells, setBindingDefaults } from "../../../../../lib/registry/rbac/binding.ts";
import { clusterRoleStrategy } from "../../../../../lib/registry/rbac/clusterrole.ts";
import { clusterRoleBindingStrategy } from "../../../../../lib/registry/rbac/clusterrolebinding.ts";
import { compactRules, ruleText } from "../../../../../lib/registry/rbac/compact.ts";
import { breakdown, covers } from "../../../../../lib/registry/rbac/covers.ts";
import { changesOnlyGCFields, checkBinding, checkRole } from "../../../../../lib/registry/rbac/escalation.ts";
import { roleStrategy } from "../../../../../lib/registry/rbac/role.ts";
import { roleBindingStrategy } from "../../../../../lib/registry/rbac/rolebinding.ts";
import { validateBinding, validateRoleRefUpdate, validateRules } from "../../../../../lib/registry/rbac/validation.ts";
import type { StrategyContext } from "../../../../../lib/registry/strategy.ts";

const rule = (resources: string[], verbs: string[], more: object = {}) => ({
  apiGroups: [""],
  resources,
  verbs,
  ...more,
});

describe("covers", () => {
  const cases = [
    { name: "the same", owned: [rule(["pods"], ["get"])], wanted: rule(["pods"], ["get"]), want: 0 },
    {
      name: "by several rules",
      owned: [rule(["pods"], ["get"]), rule(["pods"], ["list"])],
      wanted: rule(["pods"], ["get", "list"]),
      want: 0,
    },
    { name: "a star by verbs", owned: [rule(["pods"], ["get"])], wanted: rule(["pods"], ["*"]), want: 1 },
    { name: "a subresource of all", owned: [rule(["*/scale"], ["get"])], wanted: rule(["x/scale"], ["get"]), want: 0 },
    {
      name: "all names by one",
      owned: [rule(["pods"], ["get"], { resourceNames: ["a"] })],
      wanted: rule(["pods"], ["get"]),
      want: 1,
    },
    {
      name: "one name by all",
      owned: [rule(["pods"], ["get"])],
      wanted: rule(["pods"], ["get"], { resourceNames: ["a"] }),
      want: 0,
    },
    {
      name: "paths",
      owned: [{ nonResourceURLs: ["/x/*"], verbs: ["get"] }],
      wanted: { nonResourceURLs: ["/x/a", "/y"], verbs: ["get"] },
      want: 1,
    },
    {
      name: "a path by resources",
      owned: [rule(["*"], ["*"])],
      wanted: { nonResourceURLs: ["/y"], verbs: ["get"] },
      want: 1,
    },
  ];
  it.each(cases)("$name", ({ owned, wanted, want }) => expect(covers(owned, [wanted])).toHaveLength(want));

  it("breaks rules down to one verb, resource and name each", () => {
    expect(breakdown(rule(["a", "b"], ["get", "list"], { resourceNames: ["x", "y"] }))).toHaveLength(8);
  });
});

describe("compactRules", () => {
  it("joins verbs and prints as Go does", () => {
    const rules = [rule(["pods"], ["get"]), rule(["pods"], ["list"]), { nonResourceURLs: ["/x"], verbs: ["get"] }];
    expect(compactRules(rules).map(ruleText)).toEqual([
      '{NonResourceURLs:["/x"], Verbs:["get"]}',
      '{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}',
    ]);
  });
});

const context = (held: object[], allowed: string[] = []) =>
  ({
    user: { username: "jane", groups: ["system:authenticated"] },
    access: {
      authorize: async ({ verb, resource, name }: Record<string, string>) => ({
        decision: allowed.includes(`${verb} ${resource} ${name}`.trim()) ? "allow" : "no opinion",
        reason: "",
      }),
      rulesFor: async () => ({ rules: held, incomplete: false }),
      rulesOf: async ({ name }: { name: string }) => (name === "big" ? [rule(["secrets"], ["*"])] : undefined),
    },
  }) as unknown as StrategyContext;

describe("escalation", () => {
  const role = { metadata: { name: "r", namespace: "d" }, rules: [rule(["secrets"], ["get"])] } as never;
  const text =
    'is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}';

  it("lets nobody give what they do not hold", async () => {
    await expect(checkRole("roles", role, undefined, context([]))).rejects.toThrow(text);
    await expect(checkRole("roles", role, role, context([rule(["pods"], ["*"])]))).resolves.toBeUndefined();
    await checkRole("roles", role, undefined, context([rule(["secrets"], ["*"])]));
    await checkRole("roles", role, undefined, context([], ["escalate roles"]));
    const masters = { user: { username: "x", groups: ["system:masters"] } } as unknown as StrategyContext;
    await checkRole("roles", role, undefined, masters);
    await expect(
      checkRole("roles", role, undefined, { user: { username: "x", groups: [] } } as never),
    ).rejects.toThrow();
  });
  it("wants everything for aggregation", async () => {
    const all = {
      metadata: { name: "r" },
      rules: [],
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: "b" } }] },
    } as never;
    await expect(checkRole("clusterroles", all, undefined, context([]))).rejects.toThrow(
      "must have cluster-admin privileges",
    );
  });
  it("checks what a binding hands out", async () => {
    const to = (name: string) => ({
      metadata: { name: "b", namespace: "d" },
      roleRef: { apiGroup: "", kind: "Role", name },
    });
    await expect(checkBinding("rolebindings", to("big"), undefined, context([]))).rejects.toMatchObject({ code: 403 });
    await expect(checkBinding("rolebindings", to("none"), undefined, context([]))).rejects.toThrow(
      'rolebindings.rbac.authorization.k8s.io "none" not found',
    );
    await checkBinding("rolebindings", to("big"), undefined, context([], ["bind roles big"]));
    await checkBinding("rolebindings", to("big"), undefined, context([rule(["*"], ["*"])]));
  });
  it("lets the garbage collector do its work", () => {
    const object = (finalizers: string[], labels = {}) => ({ metadata: { name: "r", finalizers, labels } });
    expect(changesOnlyGCFields(object([]), object(["x"]))).toBe(true);
    expect(changesOnlyGCFields(object([], { a: "b" }), object(["x"]))).toBe(false);
  });
});

describe("validation", () => {
  const texts = (errors: Parameters<typeof fieldErrorText>[0][]) =>
    errors.map((error) => `${error.field}: ${fieldErrorText(error)}`);
  it("of rules", () => {
    expect(texts(validateRules([{ nonResourceURLs: ["/a"], verbs: [] }], true))).toEqual([
      "rules[0].verbs: Required value: verbs must contain at least one value",
      'rules[0].nonResourceURLs: Invalid value: ["/a"]: namespaced rules cannot apply to non-resource URLs',
    ]);
    expect(validateRules([rule(["pods"], ["get"])], true)).toEqual([]);
  });
  it("of bindings", () => {
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "r" };
    expect(validateBinding({ roleRef, subjects: [{ kind: "ServiceAccount", name: "a" }] }, true)).toEqual([]);
    expect(texts(validateBinding({ roleRef, subjects: [{ kind: "ServiceAccount", name: "a" }] }, false))).toEqual([
      'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
      "subjects[0].namespace: Required value",
    ]);
    expect(texts(validateRoleRefUpdate(roleRef, { ...roleRef, name: "q" }))[0]).toContain(
      '"Name":"r"}: cannot change roleRef',
    );
  });
});

describe("strategies", () => {
  it("default groups and show who is bound", () => {
    const subjects = [
      { kind: "User", name: "u" },
      { kind: "ServiceAccount", name: "a", namespace: "d" },
    ];
    const binding = { metadata: { name: "b" }, roleRef: { kind: "Role", name: "r" }, subjects } as never;
    setBindingDefaults(binding);
    expect(binding).toMatchObject({
      roleRef: { apiGroup: "rbac.authorization.k8s.io" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io" }, {}],
    });
    expect(bindingCells(binding, { now: 0 }).slice(3)).toEqual(["u", "", "d/a"]);
  });
  it("let names be path segments, and show when a role was made", () => {
    for (const strategy of [roleStrategy, clusterRoleStrategy, roleBindingStrategy, clusterRoleBindingStrategy]) {
      expect(strategy.validateName?.("system:a", false)).toEqual([]);
      expect(strategy.validateName?.("a/b", false)).toEqual(["may not contain '/'"]);
    }
    const metadata = { name: "r", creationTimestamp: "2026-01-01T00:00:00Z" } as never;
    expect(roleStrategy.cells?.({ metadata }, { now: 0 })).toEqual(["r", "2026-01-01T00:00:00Z"]);
  });
});
