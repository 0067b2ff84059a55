import { describe, expect, test } from "vitest";
import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
} from "../../../../../lib/openapi/types/apps-v1.ts";
import { controllerRevisionStrategy } from "../../../../../lib/registry/apps/controllerrevision.ts";
import { daemonSetStrategy } from "../../../../../lib/registry/apps/daemonset.ts";
import { deploymentStrategy } from "../../../../../lib/registry/apps/deployment.ts";
import { replicaSetStrategy } from "../../../../../lib/registry/apps/replicaset.ts";
import { statefulSetStrategy } from "../../../../../lib/registry/apps/statefulset.ts";
import { created, now, problems, updated } from "../objects.ts";

const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i:1" }] } };
const metadata = { name: "a", namespace: "d" };
const object = (spec: object = {}) => ({
  metadata,
  spec: { selector: { matchLabels: { a: "b" } }, template, ...spec },
});

const kinds = {
  Deployment: deploymentStrategy,
  ReplicaSet: replicaSetStrategy,
  StatefulSet: statefulSetStrategy,
  DaemonSet: daemonSetStrategy,
} as const;

describe("all of them", () => {
  test.each(Object.keys(kinds) as (keyof typeof kinds)[])("%s: template and selector agree", async (kind) => {
    const definition = `apps.v1.${kind}`;
    const strategy = kinds[kind];
    expect(await problems(definition, strategy, object())).toEqual([]);
    expect(await problems(definition, strategy, object({ selector: { matchLabels: { x: "y" } } }))).toEqual([
      'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`',
    ]);
    const empty = kind === "ReplicaSet" ? "deployment" : kind.toLowerCase();
    expect(await problems(definition, strategy, object({ selector: {} }))).toEqual([
      `spec.selector: Invalid value: {}: empty selector is invalid for ${empty}`,
    ]);
    const never = { ...template, spec: { ...template.spec, restartPolicy: "Never" } };
    expect(await problems(definition, strategy, object({ template: never }))).toEqual([
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ]);
  });

  test.each(Object.keys(kinds) as (keyof typeof kinds)[])("%s: the generation counts what is wanted", async (kind) => {
    const definition = `apps.v1.${kind}`;
    const strategy = kinds[kind];
    const old = created<Deployment>(definition, strategy, object());
    expect(old.metadata.generation).toBe(1);
    const labelled = await updated(definition, strategy, old as never, (one: Deployment) => {
      one.metadata.labels = { x: "y" };
    });
    expect(labelled.object).toMatchObject({ metadata: { generation: 1 } });
    const waits = await updated(definition, strategy, old as never, (one: Deployment) => {
      one.spec.minReadySeconds = 5;
    });
    expect(waits.object).toMatchObject({ metadata: { generation: 2 } });
    const status = await updated(
      definition,
      strategy,
      old as never,
      (one: Deployment) => {
        one.spec.minReadySeconds = 5;
        one.status = { observedGeneration: 1 };
      },
      "status",
    );
    expect(status.object).toMatchObject({ metadata: { generation: 1 }, status: { observedGeneration: 1 } });
    expect((status.object as unknown as Deployment).spec.minReadySeconds).toBeUndefined();
  });
});

describe("deployments", () => {
  const definition = "apps.v1.Deployment";

  test.each([
    {
      name: "half a rolling update",
      strategy: { rollingUpdate: { maxSurge: 3 } },
      want: { type: "RollingUpdate", rollingUpdate: { maxSurge: 3, maxUnavailable: "25%" } },
    },
    { name: "recreate", strategy: { type: "Recreate" }, want: { type: "Recreate" } },
  ])("default $name", ({ strategy, want }) => {
    expect(created<Deployment>(definition, deploymentStrategy, object({ strategy })).spec.strategy).toEqual(want);
  });

  test.each([
    {
      name: "neither surge nor unavailable",
      spec: { strategy: { rollingUpdate: { maxSurge: "0%", maxUnavailable: 0 } } },
      want: "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0",
    },
    {
      name: "no time to progress",
      spec: { minReadySeconds: 600 },
      want: "spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds",
    },
    {
      name: "negative replicas",
      spec: { replicas: -1 },
      want: "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
    },
  ])("refuse $name", async ({ spec, want }) => {
    expect(await problems(definition, deploymentStrategy, object(spec))).toEqual([want]);
  });

  test("count annotations too, keep labels out of status updates, and their collisions grow", async () => {
    const old = created<Deployment>(definition, deploymentStrategy, object());
    old.status = { collisionCount: 2 };
    const annotated = await updated(definition, deploymentStrategy, old as never, (one: Deployment) => {
      one.metadata.annotations = { x: "y" };
    });
    expect(annotated.object).toMatchObject({ metadata: { generation: 2 } });
    const status = await updated(
      definition,
      deploymentStrategy,
      old as never,
      (one: Deployment) => {
        one.metadata.labels = { x: "y" };
        one.status = { replicas: 1, readyReplicas: 2, collisionCount: 1 };
      },
      "status",
    );
    expect((status.object as unknown as Deployment).metadata.labels).toBeUndefined();
    expect(status.problems).toEqual([
      "status.collisionCount: Invalid value: 1: cannot be decremented",
      "status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas",
    ]);
  });

  test("scale by their replicas and select as text", () => {
    const made = created<Deployment>(definition, deploymentStrategy, object());
    deploymentStrategy.scale?.setReplicas(made, 4);
    expect(deploymentStrategy.scale?.replicas(made)).toBe(4);
    expect(deploymentStrategy.scale?.selector(made)).toBe("a=b");
  });
});

describe("daemon sets", () => {
  const definition = "apps.v1.DaemonSet";
  const generation = "deprecated.daemonset.template.generation";

  test("count changes of their template in an annotation that clients can't set", async () => {
    const old = created<DaemonSet>(definition, daemonSetStrategy, object());
    expect(old.metadata.annotations).toEqual({ [generation]: "1" });
    const changed = await updated(definition, daemonSetStrategy, old as never, (one: DaemonSet) => {
      one.metadata.annotations = { [generation]: "9" };
      one.spec.template.spec = { containers: [{ name: "c", image: "i:2" }] };
    });
    expect(changed.object).toMatchObject({ metadata: { generation: 2, annotations: { [generation]: "2" } } });
  });

  test.each([
    {
      name: "both",
      rollingUpdate: { maxSurge: 1, maxUnavailable: "10%" },
      want: "maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero",
    },
    {
      name: "neither",
      rollingUpdate: { maxUnavailable: 0 },
      want: "maxUnavailable: Required value: cannot be 0 when maxSurge is 0",
    },
  ])("refuse $name of surge and unavailable", async ({ rollingUpdate, want }) => {
    const spec = { updateStrategy: { rollingUpdate } };
    expect(await problems(definition, daemonSetStrategy, object(spec))).toEqual([
      `spec.updateStrategy.rollingUpdate.${want}`,
    ]);
  });
});

describe("stateful sets", () => {
  const definition = "apps.v1.StatefulSet";
  const claim = {
    metadata: { name: "data" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  };

  test("default their claims, which their pods may mount", async () => {
    const mounts = {
      ...template,
      spec: { containers: [{ name: "c", image: "i", volumeMounts: [{ name: "data", mountPath: "/d" }] }] },
    };
    const spec = { volumeClaimTemplates: [claim], template: mounts };
    expect(await problems(definition, statefulSetStrategy, object(spec))).toEqual([]);
    const made = created<StatefulSet>(definition, statefulSetStrategy, object(spec));
    expect(made.spec.volumeClaimTemplates?.[0]).toMatchObject({
      kind: "PersistentVolumeClaim",
      spec: { volumeMode: "Filesystem" },
      status: { phase: "Pending" },
    });
  });

  test("keep the name of their service", async () => {
    const old = created<StatefulSet>(definition, statefulSetStrategy, object({ serviceName: "s" }));
    const change = await updated(definition, statefulSetStrategy, old as never, (one: StatefulSet) => {
      one.spec.serviceName = "t";
    });
    expect(change.problems).toHaveLength(1);
    expect(change.problems[0]).toContain(
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas'",
    );
  });

  test.each([
    {
      name: "an unknown order",
      spec: { podManagementPolicy: "Odd" },
      want: "spec.podManagementPolicy: Invalid value: \"Odd\": must be 'OrderedReady' or 'Parallel'",
    },
    {
      name: "an unknown retention",
      spec: { persistentVolumeClaimRetentionPolicy: { whenScaled: "Odd" } },
      want: 'spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "Odd": supported values: "Retain", "Delete"',
    },
    {
      name: "an ordinal below zero",
      spec: { ordinals: { start: -1 } },
      want: "spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0",
    },
  ])("refuse $name", async ({ spec, want }) => {
    expect(await problems(definition, statefulSetStrategy, object(spec))).toEqual([want]);
  });
});

describe("controller revisions", () => {
  const definition = "apps.v1.ControllerRevision";
  const revision = { metadata, data: { x: 1 }, revision: 1 };

  test("hold data that does not change", async () => {
    expect(await problems(definition, controllerRevisionStrategy, { metadata, revision: -1 })).toEqual([
      "data: Required value: data is mandatory",
      "revision: Invalid value: -1: must be greater than or equal to 0",
    ]);
    const old = created<ControllerRevision>(definition, controllerRevisionStrategy, revision);
    const change = await updated(definition, controllerRevisionStrategy, old as never, (one: ControllerRevision) => {
      one.data = { x: 2 };
    });
    expect(change.problems).toEqual(['data: Invalid value: {"x":2}: field is immutable']);
  });
});

describe("rows", () => {
  const meta = { ...metadata, creationTimestamp: "2026-01-01T00:00:00Z" };
  const spec = { replicas: 3, selector: { matchLabels: { a: "b" } }, template };
  const owner = { apiVersion: "apps/v1", kind: "DaemonSet", name: "o", uid: "u", controller: true };

  test.each([
    {
      name: "a deployment",
      strategy: deploymentStrategy,
      one: { spec, status: { readyReplicas: 2, updatedReplicas: 1 } },
      want: ["a", "2/3", 1, 0, "2d", "c", "i:1", "a=b"],
    },
    {
      name: "a replica set",
      strategy: replicaSetStrategy,
      one: { spec, status: { replicas: 3 } },
      want: ["a", 3, 3, 0, "2d", "c", "i:1", "a=b"],
    },
    { name: "a stateful set", strategy: statefulSetStrategy, one: { spec }, want: ["a", "0/3", "2d", "c", "i:1"] },
    {
      name: "a daemon set",
      strategy: daemonSetStrategy,
      one: { spec, status: { desiredNumberScheduled: 4 } },
      want: ["a", 4, 0, 0, 0, 0, "<none>", "2d", "c", "i:1", "a=b"],
    },
    {
      name: "a revision",
      strategy: controllerRevisionStrategy,
      one: { metadata: { ...meta, ownerReferences: [owner] }, revision: 7 },
      want: ["a", "daemonset.apps/o", 7, "2d"],
    },
  ])("of $name", ({ strategy, one, want }) => {
    expect(strategy.cells?.({ metadata: meta, ...one } as never, { now: now + 2 * 86_400_000 })).toEqual(want);
  });

  test("replica sets can be selected by their number", () => {
    const made = created<ReplicaSet>("apps.v1.ReplicaSet", replicaSetStrategy, object());
    expect(replicaSetStrategy.selectableFields?.(made)).toEqual({ "status.replicas": "0" });
  });
});
