import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { admissionPlugins } from "../../../../../lib/apiserver/admission/index.ts";
import { mergeTolerations } from "../../../../../lib/apiserver/admission/runtime-class.ts";
import { startTestServer, type TestServer } from "../../../../support/api-server.ts";

let api: TestServer;
const pods = "/api/v1/namespaces/d/pods";
const container = { name: "c", image: "i" };
const pod = (name: string, spec: object = {}, metadata: object = {}) => ({
  metadata: { name, ...metadata },
  spec: { containers: [container], ...spec },
});
const dry = "?dryRun=All";

async function namespace(name: string): Promise<string> {
  await api.send("POST", "/api/v1/namespaces", { metadata: { name } });
  await api.send("POST", `/api/v1/namespaces/${name}/serviceaccounts`, { metadata: { name: "default" } });
  return `/api/v1/namespaces/${name}`;
}

beforeAll(async () => {
  api = await startTestServer();
  await namespace("d");
});
afterAll(() => api.close());

it("runs the plugins in upstream's order", () => {
  expect(admissionPlugins.map(({ name }) => name)).toEqual([
    "NamespaceLifecycle",
    "LimitRanger",
    "ServiceAccount",
    "NodeRestriction",
    "TaintNodesByCondition",
    "PodSecurity",
    "Priority",
    "DefaultTolerationSeconds",
    "DefaultStorageClass",
    "StorageObjectInUseProtection",
    "PersistentVolumeClaimResize",
    "RuntimeClass",
    "CertificateApproval",
    "CertificateSigning",
    "CertificateSubjectRestriction",
    "DefaultIngressClass",
    "PodTopologyLabels",
    "ResourceQuota",
  ]);
});

describe("NamespaceLifecycle", () => {
  it("refuses what has no namespace, and what comes into one that goes", async () => {
    const config = { metadata: { name: "c" } };
    expect((await api.send("POST", "/api/v1/namespaces/none/configmaps", config)).body).toMatchObject({
      code: 404,
      message: 'namespaces "none" not found',
    });
    const going = await namespace("going");
    await api.send("DELETE", going);
    const refused = await api.send("POST", `${going}/configmaps`, config);
    expect(refused.body).toMatchObject({ code: 403, details: { causes: [{ reason: "NamespaceTerminating" }] } });
  });
  it("keeps the namespaces that a cluster needs", async () => {
    const { body } = await api.send("DELETE", "/api/v1/namespaces/kube-system");
    expect(body).toMatchObject({
      code: 403,
      message: 'namespaces "kube-system" is forbidden: this namespace may not be deleted',
    });
  });
});

describe("ServiceAccount, Priority, DefaultTolerationSeconds", () => {
  it("give a pod account, token, priority and tolerations", async () => {
    const { spec } = (await api.send("POST", pods + dry, pod("p"))).body;
    expect(spec).toMatchObject({ serviceAccountName: "default", serviceAccount: "default", priority: 0 });
    expect(spec.containers[0].volumeMounts).toMatchObject([
      { mountPath: "/var/run/secrets/kubernetes.io/serviceaccount", name: spec.volumes[0].name, readOnly: true },
    ]);
    expect(spec.volumes[0].name).toMatch(/^kube-api-access-[a-z0-9]{5}$/);
    expect(spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds).toBe(3607);
    expect(spec.tolerations.map(({ key }: { key: string }) => key)).toEqual([
      "node.kubernetes.io/not-ready",
      "node.kubernetes.io/unreachable",
    ]);
  });
  it("leave what the pod says itself", async () => {
    const toleration = { operator: "Exists" };
    const given = { automountServiceAccountToken: false, tolerations: [toleration] };
    const { spec } = (await api.send("POST", pods + dry, pod("p", given))).body;
    expect(spec.volumes).toBeUndefined();
    expect(spec.tolerations).toEqual([toleration]);
  });
  it("take pull secrets from the account, and refuse an account that is not there", async () => {
    await api.send("POST", "/api/v1/namespaces/d/serviceaccounts", {
      metadata: { name: "puller" },
      imagePullSecrets: [{ name: "s" }],
    });
    const { spec } = (await api.send("POST", pods + dry, pod("p", { serviceAccountName: "puller" }))).body;
    expect(spec.imagePullSecrets).toEqual([{ name: "s" }]);
    const refused = await api.send("POST", pods, pod("p", { serviceAccountName: "nobody" }));
    expect(refused.body.message).toBe(
      'pods "p" is forbidden: error looking up service account d/nobody: serviceaccount "nobody" not found',
    );
  });
  it("limit an account's pods to the secrets that it lists", async () => {
    const annotations = { "kubernetes.io/enforce-mountable-secrets": "true" };
    await api.send("POST", "/api/v1/namespaces/d/serviceaccounts", {
      metadata: { name: "strict", annotations },
      secrets: [{ name: "ok" }],
    });
    const volume = (secretName: string) => ({
      serviceAccountName: "strict",
      volumes: [{ name: "v", secret: { secretName } }],
    });
    expect((await api.send("POST", pods + dry, pod("p", volume("ok")))).status).toBe(201);
    expect((await api.send("POST", pods + dry, pod("p", volume("no")))).body.message).toContain(
      'volume with secret.secretName="no" is not allowed because service account strict does not reference that secret',
    );
  });
  it("resolve a class, refuse one that is not there and a priority that is another", async () => {
    const { spec } = (await api.send("POST", pods + dry, pod("p", { priorityClassName: "system-node-critical" }))).body;
    expect(spec).toMatchObject({ priority: 2000001000, preemptionPolicy: "PreemptLowerPriority" });
    expect((await api.send("POST", pods, pod("p", { priorityClassName: "none" }))).body.message).toContain(
      "no PriorityClass with name none was found",
    );
    expect((await api.send("POST", pods, pod("p", { priority: 5 }))).body.message).toContain(
      "the integer value of priority (5) must not be provided in pod spec",
    );
  });
  it("let one class be the default", async () => {
    const path = "/apis/scheduling.k8s.io/v1/priorityclasses";
    await api.send("POST", path, { metadata: { name: "usual" }, value: 7, globalDefault: true });
    const second = await api.send("POST", path, { metadata: { name: "other" }, value: 8, globalDefault: true });
    expect(second.body.message).toContain("PriorityClass usual is already marked as default");
    expect((await api.send("POST", pods + dry, pod("p"))).body.spec).toMatchObject({
      priority: 7,
      priorityClassName: "usual",
    });
    await api.send("DELETE", `${path}/usual`);
  });
});

describe("NodeRestriction", () => {
  const node = () => api.as("system:node:n1", ["system:nodes"]);
  beforeAll(async () => {
    await api.send("POST", "/api/v1/nodes", { metadata: { name: "n1" } }, node());
    await api.send("POST", "/api/v1/nodes", { metadata: { name: "n2" } });
    await api.send("POST", pods, pod("mine", { nodeName: "n1" }));
    await api.send("POST", pods, pod("other", { nodeName: "n2" }));
  });

  it("taints a new node (TaintNodesByCondition)", async () => {
    const { body } = await api.send("GET", "/api/v1/nodes/n1");
    expect(body.spec.taints).toEqual([{ key: "node.kubernetes.io/not-ready", effect: "NoSchedule" }]);
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
});

describe("LimitRanger", () => {
  it("sets defaults and keeps the limits", async () => {
    const ns = await namespace("limited");
    const limits = [
      {
        type: "Container",
        default: { cpu: "200m" },
        defaultRequest: { cpu: "100m" },
        max: { cpu: "1" },
        maxLimitRequestRatio: { cpu: "4" },
      },
      { type: "Pod", max: { cpu: "1500m" } },
      { type: "PersistentVolumeClaim", max: { storage: "2Gi" } },
    ];
    await api.send("POST", `${ns}/limitranges`, { metadata: { name: "l" }, spec: { limits } });
    const made = await api.send("POST", `${ns}/pods${dry}`, pod("p"));
    expect(made.body.spec.containers[0].resources).toEqual({ limits: { cpu: "200m" }, requests: { cpu: "100m" } });
    expect(made.body.metadata.annotations["kubernetes.io/limit-ranger"]).toBe(
      "LimitRanger plugin set: cpu request for container c; cpu limit for container c",
    );
    const big = (cpu: string, request = cpu) => ({
      ...container,
      resources: { limits: { cpu }, requests: { cpu: request } },
    });
    const refused = async (containers: object[]) =>
      (await api.send("POST", `${ns}/pods`, pod("p", { containers }))).body.message;
    expect(await refused([big("2")])).toContain("maximum cpu usage per Container is 1, but limit is 2");
    expect(await refused([big("1", "100m")])).toContain(
      "cpu max limit to request ratio per Container is 4, but provided ratio is 10.000000",
    );
    expect(await refused([big("1"), { ...big("1"), name: "d" }])).toContain(
      "maximum cpu usage per Pod is 1500m, but limit is 2",
    );
    const claim = {
      metadata: { name: "c" },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "3Gi" } } },
    };
    expect((await api.send("POST", `${ns}/persistentvolumeclaims`, claim)).body.message).toContain(
      "maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi",
    );
  });
});

describe("ResourceQuota", () => {
  async function quota(ns: string, hard: Record<string, string>, spec: object = {}): Promise<void> {
    await api.send("POST", `${ns}/resourcequotas`, { metadata: { name: "q" }, spec: { hard, ...spec } });
    const used = Object.fromEntries(Object.keys(hard).map((name) => [name, "0"]));
    await api.send("PATCH", `${ns}/resourcequotas/q/status`, { status: { hard, used } });
  }
  const used = async (ns: string) => (await api.send("GET", `${ns}/resourcequotas/q`)).body.status.used;

  it("counts objects, and not what is only tried", async () => {
    const ns = await namespace("counted");
    await quota(ns, { configmaps: "2", "count/configmaps": "3" });
    await api.send("POST", `${ns}/configmaps${dry}`, { metadata: { name: "dry" } });
    const results = await Promise.all(
      ["a", "b", "c"].map((name) => api.send("POST", `${ns}/configmaps`, { metadata: { name } })),
    );
    expect(results.map(({ status }) => status).sort()).toEqual([201, 201, 403]);
    const refused = results.find(({ status }) => status === 403);
    expect(refused?.body.message).toContain(
      "exceeded quota: q, requested: configmaps=1, used: configmaps=2, limited: configmaps=2",
    );
    expect(await used(ns)).toEqual({ configmaps: "2", "count/configmaps": "2" });
  });
  it("wants pods to say what it counts, and adds it up", async () => {
    const ns = await namespace("computed");
    await quota(ns, { "requests.cpu": "1", pods: "5" });
    expect((await api.send("POST", `${ns}/pods`, pod("p"))).body.message).toBe(
      'pods "p" is forbidden: failed quota: q: must specify requests.cpu for: c',
    );
    const asking = (cpu: string) => ({ containers: [{ ...container, resources: { requests: { cpu } } }] });
    expect((await api.send("POST", `${ns}/pods`, pod("p", asking("600m")))).status).toBe(201);
    expect(await used(ns)).toEqual({ "requests.cpu": "600m", pods: "1" });
    expect((await api.send("POST", `${ns}/pods`, pod("q", asking("600m")))).body.message).toContain(
      "requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests.cpu=1",
    );
  });
  it("looks at pods in its scope alone", async () => {
    const ns = await namespace("scoped");
    await quota(ns, { pods: "0" }, { scopes: ["BestEffort"] });
    expect((await api.send("POST", `${ns}/pods`, pod("p"))).status).toBe(403);
    const sure = { containers: [{ ...container, resources: { requests: { cpu: "1" } } }] };
    expect((await api.send("POST", `${ns}/pods`, pod("p", sure))).status).toBe(201);
  });
  it("charges a Service only for the ports that it adds", async () => {
    const ns = await namespace("served");
    await quota(ns, { "services.nodeports": "2" });
    const port = (one: number) => ({ name: `p${one}`, port: one });
    await api.send("POST", `${ns}/services`, { metadata: { name: "s" }, spec: { type: "NodePort", ports: [port(1)] } });
    const more = { spec: { type: "NodePort", ports: [port(1), port(2)] } };
    expect((await api.send("PATCH", `${ns}/services/s`, more)).status).toBe(200);
    expect(await used(ns)).toEqual({ "services.nodeports": "2" });
  });
});

describe("storage", () => {
  const claims = "/api/v1/namespaces/d/persistentvolumeclaims";
  const classes = "/apis/storage.k8s.io/v1/storageclasses";
  const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
  it("gives claims the newest default class and a finalizer", async () => {
    const annotations = { "storageclass.kubernetes.io/is-default-class": "true" };
    await api.send("POST", classes, { metadata: { name: "fast", annotations }, provisioner: "x" });
    const { body } = await api.send("POST", claims, { metadata: { name: "a" }, spec });
    expect(body.spec.storageClassName).toBe("fast");
    expect(body.metadata.finalizers).toEqual(["kubernetes.io/pvc-protection"]);
    const none = await api.send("POST", claims + dry, {
      metadata: { name: "b" },
      spec: { ...spec, storageClassName: "" },
    });
    expect(none.body.spec.storageClassName).toBe("");
  });
  it("lets only bound claims of growing classes grow", async () => {
    const grow = { spec: { resources: { requests: { storage: "2Gi" } } } };
    await api.send("PATCH", `${claims}/a/status`, { status: { phase: "Bound" } });
    expect((await api.send("PATCH", `${claims}/a`, grow)).body.message).toContain(
      "the storageclass that provisions the pvc must support resize",
    );
    await api.send("PATCH", `${classes}/fast`, { allowVolumeExpansion: true });
    expect((await api.send("PATCH", `${claims}/a`, grow)).status).not.toBe(403);
  });
});

describe("RuntimeClass", () => {
  it("gives overhead, selector and tolerations", async () => {
    const toleration = { key: "vm", operator: "Exists" };
    await api.send("POST", "/apis/node.k8s.io/v1/runtimeclasses", {
      metadata: { name: "vm" },
      handler: "vm",
      overhead: { podFixed: { cpu: "250m" } },
      scheduling: { nodeSelector: { vm: "yes" }, tolerations: [toleration] },
    });
    const { spec } = (await api.send("POST", pods + dry, pod("p", { runtimeClassName: "vm" }))).body;
    expect(spec).toMatchObject({ overhead: { cpu: "250m" }, nodeSelector: { vm: "yes" } });
    expect(spec.tolerations).toContainEqual(toleration);
    const conflict = await api.send("POST", pods, pod("p", { runtimeClassName: "vm", nodeSelector: { vm: "no" } }));
    expect(conflict.body.message).toContain("conflict: runtimeClass.scheduling.nodeSelector[vm] = yes");
    expect((await api.send("POST", pods, pod("p", { overhead: { cpu: "1" } }))).status).toBe(403);
    expect((await api.send("POST", pods, pod("p", { runtimeClassName: "none" }))).body.message).toContain(
      'RuntimeClass "none" not found',
    );
  });
  it("merges tolerations that cover each other", () => {
    const all = { operator: "Exists" };
    const one = { key: "a", operator: "Equal", value: "b" };
    expect(mergeTolerations([one], [all])).toEqual([all]);
    expect(mergeTolerations([one], [one])).toEqual([one]);
  });
});

it("gives an Ingress the default class (DefaultIngressClass)", async () => {
  const annotations = { "ingressclass.kubernetes.io/is-default-class": "true" };
  await api.send("POST", "/apis/networking.k8s.io/v1/ingressclasses", {
    metadata: { name: "web", annotations },
    spec: { controller: "a.b/c" },
  });
  const service = { name: "s", port: { number: 80 } };
  const path = "/apis/networking.k8s.io/v1/namespaces/d/ingresses";
  const { body } = await api.send("POST", path, { metadata: { name: "i" }, spec: { defaultBackend: { service } } });
  expect(body.spec.ingressClassName).toBe("web");
});

it("labels a pod with its node's zone (PodTopologyLabels)", async () => {
  await api.send("POST", "/api/v1/nodes", { metadata: { name: "z1", labels: { "topology.kubernetes.io/zone": "a" } } });
  const { body } = await api.send("POST", pods + dry, pod("p", { nodeName: "z1" }));
  expect(body.metadata.labels).toEqual({ "topology.kubernetes.io/zone": "a" });
});

describe("PodSecurity", () => {
  it("refuses what a namespace's level does not let in", async () => {
    const ns = await namespace("guarded");
    const label = (level: string) =>
      api.send("PATCH", ns, { metadata: { labels: { "pod-security.kubernetes.io/enforce": level } } });
    await label("baseline");
    expect((await api.send("POST", `${ns}/pods${dry}`, pod("p"))).status).toBe(201);
    const bad = { hostNetwork: true, containers: [{ ...container, securityContext: { privileged: true } }] };
    expect((await api.send("POST", `${ns}/pods`, pod("p", bad))).body.message).toBe(
      'pods "p" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true), privileged (container "c" must not set securityContext.privileged=true)',
    );
    await label("restricted");
    expect((await api.send("POST", `${ns}/pods`, pod("p"))).body.message).toBe(
      'pods "p" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    );
    await label("privileged");
    await api.send("POST", `${ns}/pods`, pod("old", bad));
    await label("restricted");
    const relabel = await api.send("PATCH", `${ns}/pods/old`, { metadata: { labels: { a: "b" } } });
    expect(relabel.status).toBe(200);
    const stored = (await api.send("GET", `${ns}/pods/old`)).body;
    stored.spec.containers[0].image = "other";
    expect((await api.send("PUT", `${ns}/pods/old`, stored)).status).toBe(403);
    const capabilities = { drop: ["ALL"] };
    const seccompProfile = { type: "RuntimeDefault" };
    const securityContext = { allowPrivilegeEscalation: false, capabilities, runAsNonRoot: true, seccompProfile };
    const good = { containers: [{ ...container, securityContext }] };
    expect((await api.send("POST", `${ns}/pods${dry}`, pod("p", good))).status).toBe(201);
  });
});
