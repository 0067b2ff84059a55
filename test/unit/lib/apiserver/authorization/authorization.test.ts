import { describe, expect, it } from "vitest";
import { systemClock } from "../../../../../lib/apimachinery/clock.ts";
import type { AuthorizationAttributes } from "../../../../../lib/apiserver/authorization/authorizer.ts";
import { CollectionCache } from "../../../../../lib/apiserver/authorization/collection-cache.ts";
import { forbidden, privilegedAuthorizer, unionAuthorizers } from "../../../../../lib/apiserver/authorization/index.ts";
import { NodeGraph } from "../../../../../lib/apiserver/authorization/node/graph.ts";
import { nodeAuthorizer } from "../../../../../lib/apiserver/authorization/node/node-authorizer.ts";
import { decide } from "../../../../../lib/apiserver/authorization/rbac/rbac-authorizer.ts";
import { RoleIndex } from "../../../../../lib/apiserver/authorization/rbac/role-index.ts";
import { ruleAllows } from "../../../../../lib/apiserver/authorization/rbac/rule.ts";
import { systemNodeRules } from "../../../../../lib/apiserver/bootstrap/objects.ts";
import { podReferences } from "../../../../../lib/nodes/pod-references.ts";
import type { Pod } from "../../../../../lib/openapi/types/core-v1.ts";
import { openSqliteStore } from "../../../../../lib/storage/sqlite/store.ts";

const base = { user: { username: "jane", groups: ["team"] }, version: "v1", subresource: "" };
const get: AuthorizationAttributes = { ...base, verb: "get", namespace: "d", group: "", resource: "pods", name: "p" };

describe("ruleAllows", () => {
  const pods = { apiGroups: [""], resources: ["pods"], verbs: ["get"] };
  const onPath = { ...get, path: "/healthz/etcd" };
  const cases = [
    { name: "the same", rule: pods, what: get, want: true },
    { name: "another verb", rule: pods, what: { ...get, verb: "list" }, want: false },
    { name: "another group", rule: pods, what: { ...get, group: "apps" }, want: false },
    { name: "a subresource is not in it", rule: pods, what: { ...get, subresource: "log" }, want: false },
    {
      name: "a subresource",
      rule: { ...pods, resources: ["pods/log"] },
      what: { ...get, subresource: "log" },
      want: true,
    },
    {
      name: "of any resource",
      rule: { ...pods, resources: ["*/log"] },
      what: { ...get, subresource: "log" },
      want: true,
    },
    { name: "stars", rule: { apiGroups: ["*"], resources: ["*"], verbs: ["*"] }, what: get, want: true },
    { name: "a name", rule: { ...pods, resourceNames: ["p"] }, what: get, want: true },
    { name: "another name", rule: { ...pods, resourceNames: ["q"] }, what: get, want: false },
    { name: "a path is no resource", rule: { ...pods, resources: ["*"] }, what: onPath, want: false },
    { name: "a path below", rule: { nonResourceURLs: ["/healthz/*"], verbs: ["get"] }, what: onPath, want: true },
    { name: "a path beside", rule: { nonResourceURLs: ["/healthz"], verbs: ["get"] }, what: onPath, want: false },
  ];
  it.each(cases)("$name", ({ rule, what, want }) => expect(ruleAllows(rule, what)).toBe(want));
});

describe("RoleIndex", () => {
  const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }];
  const binding = (subject: object, kind = "Role", namespace = "d") => ({
    metadata: { name: "b", namespace } as never,
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name: "r" },
    subjects: [subject as never],
  });
  const account = { user: { username: "system:serviceaccount:d:a", groups: [] } };

  const cases = [
    {
      name: "a user",
      subject: { kind: "User", name: "jane" },
      what: get,
      want: 'RoleBinding "b/d" of Role "r" to User "jane"',
    },
    {
      name: "a group",
      subject: { kind: "Group", name: "team" },
      what: get,
      want: 'RoleBinding "b/d" of Role "r" to Group "team"',
    },
    {
      name: "an account of the binding's namespace",
      subject: { kind: "ServiceAccount", name: "a" },
      what: { ...get, ...account },
      want: 'RoleBinding "b/d" of Role "r" to ServiceAccount "a/d"',
    },
  ];
  it.each(cases)("grants to $name", ({ subject, what, want }) => {
    const index = new RoleIndex();
    index.setRole("d", "r", rules);
    index.setBinding("d", "b", binding(subject));
    expect(decide(index, what)).toEqual({ decision: "allow", reason: `RBAC: allowed by ${want}` });
    expect(decide(index, { ...what, namespace: "other" }).decision).toBe("no opinion");
    index.setBinding("d", "b", undefined);
    expect(decide(index, what)).toEqual({ decision: "no opinion", reason: "" });
  });

  it("grants cluster-wide, and forgets a subject that is taken away", () => {
    const index = new RoleIndex();
    index.setRole("", "r", rules);
    index.setBinding("", "b", binding({ kind: "User", name: "jane" }, "ClusterRole", ""));
    expect(decide(index, { ...get, namespace: "anywhere" }).decision).toBe("allow");
    index.setBinding("", "b", binding({ kind: "User", name: "joe" }, "ClusterRole", ""));
    expect(decide(index, get).decision).toBe("no opinion");
  });

  it("tells of roles that are not there", () => {
    const index = new RoleIndex();
    index.setBinding("d", "b", binding({ kind: "User", name: "jane" }, "ClusterRole"));
    const reason = 'RBAC: clusterrole.rbac.authorization.k8s.io "r" not found';
    expect(decide(index, get)).toEqual({ decision: "no opinion", reason });
    index.setRole("", "r", rules);
    expect(decide(index, get).decision).toBe("allow");
  });
});

describe("unionAuthorizers", () => {
  const says = (decision: "allow" | "deny" | "no opinion", reason: string) => ({
    authorize: async () => ({ decision, reason }),
  });
  it("takes the first that decides, else all reasons", async () => {
    const none = [says("no opinion", "a"), says("no opinion", ""), says("no opinion", "b")];
    expect(await unionAuthorizers(none).authorize(get)).toEqual({ decision: "no opinion", reason: "a\nb" });
    const denied = await unionAuthorizers([says("deny", "no"), says("allow", "")]).authorize(get);
    expect(denied).toMatchObject({ decision: "deny", reason: "no" });
  });
  it("lets system:masters do everything", async () => {
    const master = { ...get, user: { username: "x", groups: ["system:masters"] } };
    expect((await privilegedAuthorizer.authorize(master)).decision).toBe("allow");
    expect((await privilegedAuthorizer.authorize(get)).decision).toBe("no opinion");
  });
  it("says in upstream's words what may not be done", () => {
    expect(forbidden({ ...get, subresource: "log" }, "why").message).toBe(
      'pods "p" is forbidden: User "jane" cannot get resource "pods/log" in API group "" in the namespace "d": why',
    );
    expect(forbidden({ ...get, path: "/x" }, "").message).toBe('forbidden: User "jane" cannot get path "/x"');
  });
});

const pod = (node: string, more: object = {}): Pod =>
  ({
    metadata: { name: "p", namespace: "d" },
    spec: {
      nodeName: node,
      serviceAccountName: "sa",
      imagePullSecrets: [{ name: "pull" }],
      containers: [
        {
          name: "c",
          env: [{ name: "A", valueFrom: { secretKeyRef: { name: "env", key: "k" } } }],
          envFrom: [{ configMapRef: { name: "from" } }],
        },
      ],
      volumes: [
        { name: "s", secret: { secretName: "vol" } },
        { name: "c", persistentVolumeClaim: { claimName: "claim" } },
        { name: "e", ephemeral: { volumeClaimTemplate: { spec: {} } } },
        { name: "t", projected: { sources: [{ configMap: { name: "proj" } }] } },
      ],
      ...more,
    },
  }) as unknown as Pod;

describe("podReferences", () => {
  it("finds all that a pod needs", () => {
    expect(podReferences(pod("n1")).sort()).toEqual([
      "configmap:d/from",
      "configmap:d/proj",
      "persistentvolumeclaim:d/claim",
      "persistentvolumeclaim:d/p-e",
      "pod:d/p",
      "secret:d/env",
      "secret:d/pull",
      "secret:d/vol",
      "serviceaccount:d/sa",
    ]);
  });
  it("gives nothing to pods that nodes make themselves", () => {
    const one = pod("n1");
    one.metadata.annotations = { "kubernetes.io/config.mirror": "x" };
    expect(podReferences(one)).toEqual(["pod:d/p"]);
  });
});

describe("NodeGraph", () => {
  it("follows pods as they come, move and go", () => {
    const graph = new NodeGraph();
    graph.setPod("d/p", pod("n1"));
    graph.setPod("d/q", pod("n1"));
    expect(graph.leadsTo("n1", "secret", "d", "vol")).toBe(true);
    expect(graph.leadsTo("n2", "secret", "d", "vol")).toBe(false);
    expect(graph.leadsTo("n1", "secret", "other", "vol")).toBe(false);
    graph.setPod("d/p", undefined);
    expect(graph.leadsTo("n1", "secret", "d", "vol")).toBe(true);
    graph.setPod("d/q", pod("n2"));
    expect(graph.leadsTo("n1", "secret", "d", "vol")).toBe(false);
    expect(graph.leadsTo("n2", "secret", "d", "vol")).toBe(true);
  });
  it("reaches a volume and its secrets through the claim", () => {
    const graph = new NodeGraph();
    const csi = {
      driver: "x",
      nodePublishSecretRef: { name: "s", namespace: "k" },
      controllerPublishSecretRef: { name: "c", namespace: "k" },
    };
    graph.setVolume("pv", {
      metadata: { name: "pv" },
      spec: { claimRef: { namespace: "d", name: "claim" }, csi },
    } as never);
    expect(graph.leadsTo("n1", "persistentvolume", "", "pv")).toBe(false);
    graph.setPod("d/p", pod("n1"));
    expect(graph.leadsTo("n1", "persistentvolume", "", "pv")).toBe(true);
    expect(graph.leadsTo("n1", "secret", "k", "s")).toBe(true);
    expect(graph.leadsTo("n1", "secret", "k", "c")).toBe(false);
    graph.setVolume("pv", undefined);
    expect(graph.leadsTo("n1", "secret", "k", "s")).toBe(false);
  });
  it("knows attachments and slices by their node", () => {
    const graph = new NodeGraph();
    graph.setAttachment("a", { spec: { nodeName: "n1" } } as never);
    graph.setSlice("s", { spec: { nodeName: "n2" } } as never);
    expect(graph.leadsTo("n1", "volumeattachment", "", "a")).toBe(true);
    expect(graph.leadsTo("n1", "resourceslice", "", "s")).toBe(false);
  });
});

describe("nodeAuthorizer", () => {
  const graph = new NodeGraph();
  graph.setPod("d/p", pod("n1"));
  const cache = { filled: async () => graph, caughtUp: async () => undefined };
  const authorizer = nodeAuthorizer(cache as never, systemNodeRules);
  const user = { username: "system:node:n1", groups: ["system:nodes"] };
  const ask = (more: Partial<AuthorizationAttributes>) => authorizer.authorize({ ...get, user, ...more });
  const slices = { group: "resource.k8s.io", resource: "resourceslices", namespace: "" };
  const lease = { group: "coordination.k8s.io", resource: "leases", namespace: "kube-node-lease", name: "n1" };

  const cases = [
    { name: "its pod", ask: {}, want: "allow" },
    { name: "another pod", ask: { name: "q" }, want: "no opinion" },
    { name: "its pod's secret", ask: { resource: "secrets", name: "vol" }, want: "allow" },
    { name: "watching it", ask: { resource: "secrets", name: "vol", verb: "watch" }, want: "allow" },
    { name: "writing it", ask: { resource: "secrets", name: "vol", verb: "update" }, want: "no opinion" },
    {
      name: "its pod's account's token",
      ask: { resource: "serviceaccounts", name: "sa", verb: "create", subresource: "token" },
      want: "allow",
    },
    {
      name: "another account's token",
      ask: { resource: "serviceaccounts", name: "x", verb: "create", subresource: "token" },
      want: "no opinion",
    },
    {
      name: "its claim's status",
      ask: { resource: "persistentvolumeclaims", name: "claim", verb: "patch", subresource: "status" },
      want: "allow",
    },
    { name: "its lease", ask: { ...lease, verb: "update" }, want: "allow" },
    { name: "another's lease", ask: { ...lease, name: "n2" }, want: "no opinion" },
    {
      name: "its slices",
      ask: { ...slices, verb: "list", name: "", fieldSelector: "spec.nodeName=n1" },
      want: "allow",
    },
    { name: "all slices", ask: { ...slices, verb: "list", name: "" }, want: "no opinion" },
    {
      name: "its pods by selector",
      ask: { verb: "watch", name: "", fieldSelector: "spec.nodeName=n1" },
      want: "allow",
    },
    { name: "another's pods", ask: { verb: "watch", name: "", fieldSelector: "spec.nodeName=n2" }, want: "no opinion" },
    { name: "services, by the static rules", ask: { resource: "services", verb: "list", name: "" }, want: "allow" },
    { name: "deployments", ask: { group: "apps", resource: "deployments" }, want: "no opinion" },
    { name: "somebody who is no node", ask: { user: { username: "system:node:n1", groups: [] } }, want: "no opinion" },
  ] as const;
  it.each(cases)("$name", async ({ ask: what, want }) => expect((await ask(what)).decision).toBe(want));
});

describe("CollectionCache", () => {
  it.each(["watch", "on use"] as const)("tells what is there, then every change: %s", async (mode) => {
    const store = await openSqliteStore({ file: ":memory:", durable: false });
    const stop = new AbortController();
    const collection = { cluster: "c", group: "", resource: "pods" };
    const value = (text: string) => ({ text: () => JSON.stringify(text), labels: {}, fields: {}, owners: [] });
    await store.create(collection, "d/a", value("one"));
    const seen = new Map<string, unknown>();
    const feed = { store, clock: systemClock, signal: stop.signal, mode } as const;
    const cache = new CollectionCache(feed, collection, (key, object) => seen.set(key, object));
    await cache.start();
    expect([...seen]).toEqual([["d/a", "one"]]);
    await cache.reaches(await store.revision(collection));
    const revision = await store.create(collection, "d/b", value("two"));
    await cache.reaches(await store.revision(collection));
    expect(seen.get("d/b")).toBe("two");
    await store.delete(collection, "d/b", revision, value("two"));
    await cache.reaches(await store.revision(collection));
    expect(seen.get("d/b")).toBeUndefined();
    stop.abort();
    await store.close();
  });
});
