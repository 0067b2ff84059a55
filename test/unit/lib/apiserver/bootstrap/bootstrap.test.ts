import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { completed } from "../../../../../lib/apiserver/bootstrap/complete.ts";
import { bootstrapObjects, firstServiceAddress } from "../../../../../lib/apiserver/bootstrap/objects.ts";
import { ensureBootstrapObjects } from "../../../../../lib/apiserver/bootstrap/reconcile.ts";
import { type LogEntry, RevisionCompacted } from "../../../../../lib/storage/interface.ts";
import { startTestServer, type TestServer } from "../../../../support/api-server.ts";

describe("firstServiceAddress", () => {
  it.each([
    ["10.96.0.0/16", "10.96.0.1"],
    ["fd00::/108", "fd00::1"],
  ])("%s begins with %s", (cidr, want) => expect(firstServiceAddress(cidr)).toBe(want));
  it("says what is wrong", () => expect(() => firstServiceAddress("x")).toThrow('"x" is no address range'));
});

describe("completed", () => {
  const rule = (resource: string) => ({ apiGroups: [""], resources: [resource], verbs: ["get"] });
  it("adds what is missing and keeps what is more", () => {
    const old = { metadata: { name: "r" }, rules: [rule("pods"), rule("mine")] };
    const wanted = { metadata: { name: "r" }, rules: [rule("pods"), rule("nodes")] };
    expect(completed(old, wanted)?.rules).toEqual([rule("pods"), rule("mine"), rule("nodes")]);
    expect(completed(completed(old, wanted) ?? old, wanted)).toBeUndefined();
  });
  it("leaves what an administrator has taken over", () => {
    const annotations = { "rbac.authorization.kubernetes.io/autoupdate": "false" };
    expect(
      completed({ metadata: { annotations }, rules: [] }, { metadata: {}, rules: [rule("pods")] }),
    ).toBeUndefined();
  });
});

describe("ensureBootstrapObjects", () => {
  let api: TestServer;
  beforeEach(async () => {
    api = await startTestServer();
  });
  afterEach(() => api.close());
  const place = { address: "192.0.2.2", port: 6443 };
  const names = async (path: string) =>
    (await api.send("GET", path)).body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);

  it("makes what a fresh cluster has", async () => {
    expect(await names("/api/v1/namespaces")).toEqual(["default", "kube-node-lease", "kube-public", "kube-system"]);
    expect(await names("/apis/scheduling.k8s.io/v1/priorityclasses")).toHaveLength(2);
    expect(await names("/apis/rbac.authorization.k8s.io/v1/clusterroles")).toHaveLength(69);
    const service = await api.send("GET", "/api/v1/namespaces/default/services/kubernetes");
    expect(service.body.spec).toMatchObject({ clusterIP: "10.96.0.1", ports: [{ port: 443, targetPort: 6443 }] });
    const slices = await api.send("GET", "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes");
    expect(slices.body).toMatchObject({ endpoints: [{ addresses: ["192.0.2.2"] }], ports: [{ port: 6443 }] });
  });

  it("begins a fresh cluster's history, and leaves an older one's alone", async () => {
    const collection = { cluster: "default", group: "", resource: "configmaps" };
    const { signal } = new AbortController();
    const firstBatch = async (after: number) =>
      (await api.store.watch(collection, { after, signal })[Symbol.asyncIterator]().next()).value.entries;
    await expect(firstBatch(1)).rejects.toBeInstanceOf(RevisionCompacted);
    const { body } = await api.send("GET", "/api/v1/configmaps");
    const { name } = body.items[0].metadata;
    await api.send("DELETE", `/api/v1/namespaces/kube-system/configmaps/${name}`);
    await ensureBootstrapObjects(api.server.context, place);
    const seen: LogEntry[] = await firstBatch(Number(body.metadata.resourceVersion));
    expect(seen.map(({ type }) => type)).toEqual(["deleted", "created"]);
  });

  it("writes nothing where nothing is missing", async () => {
    const parameters = { ...place, serviceCIDRs: ["10.96.0.0/16"], now: 0 };
    const revisions = () =>
      Promise.all(
        bootstrapObjects(parameters).map(({ resource: { group, resource } }) =>
          api.store.revision({ cluster: "default", group, resource }),
        ),
      );
    const before = await revisions();
    await ensureBootstrapObjects(api.server.context, place);
    expect(await revisions()).toEqual(before);
  });

  it("puts back what was deleted and follows a new address", async () => {
    await api.send("DELETE", "/apis/rbac.authorization.k8s.io/v1/clusterroles/view");
    await ensureBootstrapObjects(api.server.context, { address: "192.0.2.9", port: 7443 });
    expect((await api.send("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles/view")).status).toBe(200);
    const service = await api.send("GET", "/api/v1/namespaces/default/services/kubernetes");
    expect(service.body.spec.ports[0].targetPort).toBe(7443);
    const endpoints = await api.send("GET", "/api/v1/namespaces/default/endpoints/kubernetes");
    expect(endpoints.body.subsets[0].addresses).toEqual([{ ip: "192.0.2.9" }]);
  });
});
