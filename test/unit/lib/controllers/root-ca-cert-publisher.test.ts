import { afterEach, describe, expect, it } from "vitest";
import { createRootCaCertPublisher } from "../../../../lib/controllers/root-ca-cert-publisher.ts";
import { configmaps, namespaces } from "../../../../lib/openapi/types/resources.ts";
import { type Harness, startHarness } from "../../../support/controller-harness.ts";

let harness: Harness;
afterEach(() => harness.stop());

describe("root CA publisher", () => {
  it("puts the CA into living namespaces, and puts it right when it is changed or deleted", async () => {
    harness = startHarness([{ name: "root-ca-certificate-publisher-controller", create: createRootCaCertPublisher }]);
    const { api, settle } = harness;
    api.put(namespaces, { metadata: { name: "a" }, spec: {}, status: { phase: "Active" } });
    api.put(namespaces, { metadata: { name: "b" }, spec: {}, status: { phase: "Terminating" } });
    await settle();
    const place = { namespace: "a", name: "kube-root-ca.crt" };
    const data = () => api.all(configmaps).map(({ metadata, data }) => [metadata.namespace, metadata.name, data]);
    const want = [["a", "kube-root-ca.crt", { "ca.crt": "CERTIFICATE" }]];
    expect(data()).toEqual(want);
    await api.patch(configmaps, place, "merge", { data: { "ca.crt": "FORGED", more: "x" } });
    await settle();
    expect(data()).toEqual(want);
    await api.delete(configmaps, place);
    await settle();
    expect(data()).toEqual(want);
  });
});
