import { afterAll, beforeAll, expect, it } from "vitest";
import { type AdmissionServer, dry, pod, pods, startAdmissionServer } from "../../../../../support/admission-server.ts";

let api: AdmissionServer;
beforeAll(async () => {
  api = await startAdmissionServer();
});
afterAll(() => api.close());

const node = () => api.as("system:node:n1", ["system:nodes"]);
beforeAll(async () => {
  await api.send("POST", "/api/v1/nodes", { metadata: { name: "n1" } }, node());
  await api.send("POST", "/api/v1/nodes", { metadata: { name: "n2" } });
  await api.send("POST", pods, pod("mine", { nodeName: "n1" }));
  await api.send("POST", pods, pod("other", { nodeName: "n2" }));
});

const cases = [
  {
    name: "another node",
    method: "PATCH",
    path: "/api/v1/nodes/n2",
    body: { metadata: { name: "n2" } },
    want: 'is not allowed to modify node "n2"',
  },
  {
    name: "its taints",
    method: "PATCH",
    path: "/api/v1/nodes/n1",
    body: { spec: { taints: [] } },
    want: "is not allowed to modify taints",
  },
  {
    name: "a restricted label",
    method: "PATCH",
    path: "/api/v1/nodes/n1",
    body: { metadata: { labels: { "node-restriction.kubernetes.io/x": "y" } } },
    want: "is not allowed to modify labels: node-restriction.kubernetes.io/x",
  },
  {
    name: "a label of Kubernetes'",
    method: "PATCH",
    path: "/api/v1/nodes/n1",
    body: { metadata: { labels: { "kubernetes.io/x": "y" } } },
    want: "is not allowed to modify labels: kubernetes.io/x",
  },
  {
    name: "its own label",
    method: "PATCH",
    path: "/api/v1/nodes/n1",
    body: { metadata: { labels: { "topology.kubernetes.io/zone": "z", mine: "y" } } },
    want: 200,
  },
  {
    name: "a pod of its own making",
    method: "POST",
    path: pods,
    body: pod("x", { nodeName: "n1" }),
    want: "can only create mirror pods",
  },
  {
    name: "its pod's status",
    method: "PATCH",
    path: `${pods}/mine/status`,
    body: { status: { phase: "Running" } },
    want: 200,
  },
  {
    name: "another's pod's status",
    method: "PATCH",
    path: `${pods}/other/status`,
    body: { status: { phase: "Running" } },
    want: "can only update pod status for pods with spec.nodeName set to itself",
  },
  {
    name: "a label through status",
    method: "PATCH",
    path: `${pods}/mine/status`,
    body: { metadata: { labels: { a: "b" } } },
    want: "cannot update labels through pod status",
  },
  {
    name: "another's pod",
    method: "DELETE",
    path: `${pods}/other`,
    want: "can only delete pods with spec.nodeName set to itself",
  },
  {
    name: "evicting another's pod",
    method: "POST",
    path: `${pods}/other/eviction`,
    body: {},
    want: "node n1 can only evict pods with spec.nodeName set to itself",
  },
  {
    name: "another's lease",
    method: "POST",
    path: "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases",
    body: { metadata: { name: "n2" } },
    want: "can only access node lease with the same name as the requesting node",
  },
  {
    name: "its lease",
    method: "POST",
    path: "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases",
    body: { metadata: { name: "n1" } },
    want: 201,
  },
];
it.each(cases)("$name", async ({ method, path, body, want }) => {
  const answer = await api.send(method, path, body, node());
  if (typeof want === "number") expect(answer.status).toBe(want);
  else expect(answer.body).toMatchObject({ code: 403, message: expect.stringContaining(want) });
});

it("lets it show its own pods", async () => {
  const { uid } = (await api.send("GET", "/api/v1/nodes/n1")).body.metadata;
  const owner = { apiVersion: "v1", kind: "Node", name: "n1", uid, controller: true };
  const mirror = (spec: object, ownerReferences: object[] = [owner]) =>
    pod(
      "static-n1",
      { nodeName: "n1", ...spec },
      { ownerReferences, annotations: { "kubernetes.io/config.mirror": "h" } },
    );
  expect((await api.send("POST", pods + dry, mirror({}), node())).status).toBe(201);
  const secret = { volumes: [{ name: "v", secret: { secretName: "s" } }] };
  expect((await api.send("POST", pods, mirror(secret), node())).body.message).toContain(
    "can not create pods that reference secrets",
  );
  expect((await api.send("POST", pods, mirror({}, []), node())).body.message).toContain(
    "with an owner reference set to itself",
  );
});
