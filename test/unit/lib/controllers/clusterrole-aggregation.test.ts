import { afterEach, describe, expect, it } from "vitest";
import { createClusterRoleAggregationController } from "../../../../lib/controllers/clusterrole-aggregation.ts";
import { clusterroles } from "../../../../lib/openapi/types/resources.ts";
import { type Harness, startHarness } from "../../../support/controller-harness.ts";

let harness: Harness;
afterEach(() => harness.stop());

const rule = (resource: string) => ({ verbs: ["get"], apiGroups: [""], resources: [resource] });
const label = { "rbac.example.com/aggregate-to-all": "true" };

describe("clusterrole aggregation controller", () => {
  it("gathers the rules of chosen roles, each once, by name, and follows them", async () => {
    harness = startHarness([
      { name: "clusterrole-aggregation-controller", create: createClusterRoleAggregationController },
    ]);
    const { api, settle } = harness;
    await api.create(clusterroles, {
      metadata: { name: "all" },
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: label }] },
    });
    await api.create(clusterroles, { metadata: { name: "b", labels: label }, rules: [rule("pods"), rule("nodes")] });
    await api.create(clusterroles, { metadata: { name: "a", labels: label }, rules: [rule("secrets"), rule("pods")] });
    await api.create(clusterroles, { metadata: { name: "other" }, rules: [rule("configmaps")] });
    await settle();
    const rules = () => api.all(clusterroles)[0].rules?.map(({ resources }) => resources?.[0]);
    expect(rules()).toEqual(["secrets", "pods", "nodes"]);
    await api.delete(clusterroles, { name: "a" });
    await settle();
    expect(rules()).toEqual(["pods", "nodes"]);
  });
});
