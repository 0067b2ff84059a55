import { describe, expect, test } from "vitest";
import type {
  ConfigMap,
  LimitRange,
  Namespace,
  ReplicationController,
  Secret,
} from "../../../../../lib/openapi/types/core-v1.ts";
import { componentStatusStrategy } from "../../../../../lib/registry/core/componentstatus.ts";
import { configMapStrategy } from "../../../../../lib/registry/core/configmap.ts";
import { endpointsStrategy } from "../../../../../lib/registry/core/endpoints.ts";
import { limitRangeStrategy } from "../../../../../lib/registry/core/limitrange.ts";
import { namespaceStrategy } from "../../../../../lib/registry/core/namespace.ts";
import { podTemplateStrategy } from "../../../../../lib/registry/core/podtemplate.ts";
import { replicationControllerStrategy } from "../../../../../lib/registry/core/replicationcontroller.ts";
import { resourceQuotaStrategy } from "../../../../../lib/registry/core/resourcequota.ts";
import { secretStrategy } from "../../../../../lib/registry/core/secret.ts";
import { created, now, problems, updated } from "../objects.ts";

const metadata = { name: "a", namespace: "d" };
const template = {
  metadata: { labels: { a: "b" } },
  spec: { containers: [{ name: "c", image: "i:1" }] },
};

describe("problems of a new object", () => {
  test.each([
    {
      name: "a config map's key in both of its maps",
      definition: "core.v1.ConfigMap",
      strategy: configMapStrategy,
      object: { metadata, data: { k: "v" }, binaryData: { k: "AAE=" } },
      want: ['data[k]: Invalid value: "k": duplicate of key present in binaryData'],
    },
    {
      name: "a config map of more than a mebibyte",
      definition: "core.v1.ConfigMap",
      strategy: configMapStrategy,
      object: { metadata, data: { k: "x".repeat(1_048_570) }, binaryData: { l: "AAAAAAAAAA==" } },
      want: ["[]: Too long: may not be more than 1048576 bytes"],
    },
    {
      name: "a secret for a registry whose config is an array",
      definition: "core.v1.Secret",
      strategy: secretStrategy,
      object: { metadata, type: "kubernetes.io/dockerconfigjson", stringData: { ".dockerconfigjson": "[]" } },
      want: [
        'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": json: cannot unmarshal array into Go value of type map[string]interface {}',
      ],
    },
    {
      name: "a secret with a user's name alone",
      definition: "core.v1.Secret",
      strategy: secretStrategy,
      object: { metadata, type: "kubernetes.io/basic-auth", stringData: { username: "u" } },
      want: [],
    },
    {
      name: "endpoints of a loopback address",
      definition: "core.v1.Endpoints",
      strategy: endpointsStrategy,
      object: { metadata, subsets: [{ addresses: [{ ip: "127.0.0.1" }], ports: [{ port: 80 }] }] },
      want: [
        'subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
      ],
    },
    {
      name: "a range whose limit and request of huge pages differ",
      definition: "core.v1.LimitRange",
      strategy: limitRangeStrategy,
      object: {
        metadata,
        spec: {
          limits: [
            { type: "Container", default: { "hugepages-2Mi": "4Mi" }, defaultRequest: { "hugepages-2Mi": "2Mi" } },
          ],
        },
      },
      want: [
        'spec.limits[0].defaultRequest[hugepages-2Mi]: Invalid value: "2Mi": default value 4Mi must equal to defaultRequest value 2Mi in hugepages-2Mi',
      ],
    },
    {
      name: "a ratio that its own bounds exceed",
      definition: "core.v1.LimitRange",
      strategy: limitRangeStrategy,
      object: {
        metadata,
        spec: { limits: [{ type: "Pod", min: { cpu: "1" }, max: { cpu: "2" }, maxLimitRequestRatio: { cpu: "3" } }] },
      },
      want: [
        'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000',
      ],
    },
    {
      name: "a quota whose scope does not fit",
      definition: "core.v1.ResourceQuota",
      strategy: resourceQuotaStrategy,
      object: { metadata, spec: { hard: { services: "1" }, scopes: ["Terminating"] } },
      want: ['spec.scopes: Invalid value: ["Terminating"]: unsupported scope applied to resource'],
    },
    {
      name: "a controller whose template is missing",
      definition: "core.v1.ReplicationController",
      strategy: replicationControllerStrategy,
      object: { metadata, spec: { selector: { a: "b" } } },
      want: ["spec.template: Required value"],
    },
    {
      name: "a template without containers",
      definition: "core.v1.PodTemplate",
      strategy: podTemplateStrategy,
      object: { metadata, template: { spec: {} } },
      want: ["template.spec.containers: Required value"],
    },
    {
      name: "a namespace with a finalizer of no domain",
      definition: "core.v1.Namespace",
      strategy: namespaceStrategy,
      object: { metadata: { name: "a" }, spec: { finalizers: ["mine"] } },
      want: [
        'spec.finalizers: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
      ],
    },
  ])("$name", async ({ definition, strategy, object, want }) => {
    expect(await problems(definition, strategy, object)).toEqual(want);
  });
});

describe("namespaces", () => {
  const old = created<Namespace>("core.v1.Namespace", namespaceStrategy, { metadata: { name: "a" } });

  test("have their name as a label, a phase and a finalizer", () => {
    expect(old.metadata.labels).toEqual({ "kubernetes.io/metadata.name": "a" });
    expect([old.spec, old.status]).toEqual([{ finalizers: ["kubernetes"] }, { phase: "Active" }]);
    expect(namespaceStrategy.blocksDeletion?.(old)).toBe(true);
  });

  test("are Terminating while they are deleted", async () => {
    const going = structuredClone(old);
    namespaceStrategy.gracefulDeletion?.begin(going, {}, undefined as never);
    expect(going.status?.phase).toBe("Terminating");
    const status = await updated(
      "core.v1.Namespace",
      namespaceStrategy,
      old as never,
      (object: Namespace) => {
        object.status = { phase: "Terminating" };
      },
      "status",
    );
    expect(status.problems).toEqual([
      `status.Phase: Invalid value: "Terminating": may only be 'Active' if \`deletionTimestamp\` is empty`,
    ]);
  });

  test("lose finalizers only through finalize", async () => {
    const drop = (object: Namespace) => {
      object.spec = { finalizers: [] };
    };
    const plain = await updated("core.v1.Namespace", namespaceStrategy, old as never, drop);
    expect((plain.object as unknown as Namespace).spec?.finalizers).toEqual(["kubernetes"]);
    const final = await updated("core.v1.Namespace", namespaceStrategy, old as never, drop, "finalize");
    expect(namespaceStrategy.blocksDeletion?.(final.object as never)).toBe(false);
  });
});

describe("what is sealed stays as it is", () => {
  test.each([
    { name: "config map", definition: "core.v1.ConfigMap", strategy: configMapStrategy, data: { k: "v" } },
    { name: "secret", definition: "core.v1.Secret", strategy: secretStrategy, data: { k: "dg==" } },
  ])("$name", async ({ definition, strategy, data }) => {
    const old = created<ConfigMap | Secret>(definition, strategy, { metadata, data, immutable: true });
    const change = (edit: (object: ConfigMap) => unknown) => updated(definition, strategy, old as never, edit as never);
    const text = "Forbidden: field is immutable when `immutable` is set";
    expect((await change((object) => Object.assign(object, { data: { k: "eA==" } }))).problems).toEqual([
      `data: ${text}`,
    ]);
    expect((await change((object) => Object.assign(object, { immutable: undefined }))).problems).toEqual([
      `immutable: ${text}`,
    ]);
    expect((await change((object) => Object.assign(object.metadata, { labels: { x: "y" } }))).problems).toEqual([]);
  });
});

describe("defaults", () => {
  test("stringData becomes data", () => {
    const secret = created<Secret>("core.v1.Secret", secretStrategy, {
      metadata,
      data: { k: "dg==" },
      stringData: { k: "new" },
    });
    expect([secret.type, secret.data, secret.stringData]).toEqual(["Opaque", { k: "bmV3" }, undefined]);
  });

  test("a container's limits follow from its maximum, requests from limits and the minimum", () => {
    const range = created<LimitRange>("core.v1.LimitRange", limitRangeStrategy, {
      metadata,
      spec: { limits: [{ type: "Container", max: { cpu: "2" }, min: { memory: "1Mi" } }] },
    });
    expect(range.spec.limits[0].default).toEqual({ cpu: "2" });
    expect(range.spec.limits[0].defaultRequest).toEqual({ cpu: "2", memory: "1Mi" });
  });

  test("a controller is labelled and selects as its template says", () => {
    const definition = "core.v1.ReplicationController";
    const made = created<ReplicationController>(definition, replicationControllerStrategy, {
      metadata,
      spec: { template },
    });
    expect([made.metadata.labels, made.spec?.selector, made.spec?.replicas]).toEqual([{ a: "b" }, { a: "b" }, 1]);
  });
});

describe("rows", () => {
  const age = { now: now + 3_600_000 * 3 };
  const meta = { ...metadata, creationTimestamp: "2026-01-01T00:00:00Z" };

  test.each([
    {
      name: "a config map",
      strategy: configMapStrategy,
      object: { data: { a: "1" }, binaryData: { b: "" } },
      want: ["a", 2, "3h"],
    },
    { name: "a secret", strategy: secretStrategy, object: { type: "Opaque" }, want: ["a", "Opaque", 0, "3h"] },
    {
      name: "endpoints of more than three addresses",
      strategy: endpointsStrategy,
      object: {
        subsets: [{ addresses: ["1", "2", "3", "4"].map((n) => ({ ip: `10.0.0.${n}` })), ports: [{ port: 80 }] }],
      },
      want: ["a", "10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 1 more...", "3h"],
    },
    { name: "endpoints of nothing", strategy: endpointsStrategy, object: {}, want: ["a", "<none>", "3h"] },
    {
      name: "a quota",
      strategy: resourceQuotaStrategy,
      object: { status: { hard: { pods: "4", "limits.cpu": "2" }, used: { pods: "1" } } },
      want: ["a", "pods: 1/4", "limits.cpu: 0/2", "3h"],
    },
    {
      name: "a component",
      strategy: componentStatusStrategy,
      object: { conditions: [{ type: "Healthy", status: "True", message: "ok" }] },
      want: ["a", "Healthy", "ok", ""],
    },
  ])("of $name", ({ strategy, object, want }) => {
    expect(strategy.cells?.({ metadata: meta, ...object } as never, age)).toEqual(want);
  });
});
