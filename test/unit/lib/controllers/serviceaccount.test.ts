import { afterEach, describe, expect, it } from "vitest";
import { createServiceAccountController } from "../../../../lib/controllers/serviceaccount.ts";
import { namespaces, serviceaccounts } from "../../../../lib/openapi/types/resources.ts";
import { type Harness, startHarness } from "../../../support/controller-harness.ts";

let harness: Harness;
afterEach(() => harness.stop());

describe("serviceaccount controller", () => {
  it("makes the default account in living namespaces, again when it is deleted", async () => {
    harness = startHarness([{ name: "serviceaccount-controller", create: createServiceAccountController }]);
    const { api, settle } = harness;
    api.put(namespaces, { metadata: { name: "a" }, spec: {}, status: { phase: "Active" } });
    api.put(namespaces, { metadata: { name: "b" }, spec: {}, status: { phase: "Terminating" } });
    await settle();
    const keys = () => api.all(serviceaccounts).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    expect(keys()).toEqual(["a/default"]);
    await api.delete(serviceaccounts, { namespace: "a", name: "default" });
    await settle();
    expect(keys()).toEqual(["a/default"]);
    expect(harness.errors).toEqual([]);
  });
});
