import { describe, expect, test } from "vitest";
import type { PersistentVolumeClaim } from "../../../../../../lib/openapi/types/core-v1.ts";
import { persistentVolumeClaimStrategy as strategy } from "../../../../../../lib/registry/core/persistentvolumeclaim/strategy.ts";
import { claimWarnings } from "../../../../../../lib/registry/core/persistentvolumeclaim/warnings.ts";
import { created, problems, updated } from "../../objects.ts";

const definition = "core.v1.PersistentVolumeClaim";
const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "2Gi" } } };
const claim = (more: object = {}) => ({ metadata: { name: "a", namespace: "d" }, spec: { ...spec, ...more } });

describe("a new claim", () => {
  test.each([
    {
      name: "no modes",
      more: { accessModes: [] },
      want: ["spec.accessModes: Required value: at least 1 access mode is required"],
    },
    { name: "no size", more: { resources: {} }, want: ["spec.resources[storage]: Required value"] },
    {
      name: "a size of zero",
      more: { resources: { requests: { storage: "0" } } },
      want: ['spec.resources[storage]: Invalid value: "0": must be greater than zero'],
    },
    {
      name: "sources that differ",
      more: {
        dataSource: { kind: "PersistentVolumeClaim", name: "x" },
        dataSourceRef: { kind: "PersistentVolumeClaim", name: "y" },
      },
      want: ['spec: Invalid value: "spec.dataSource": must match dataSourceRef'],
    },
    { name: "a source that was never understood", more: { dataSource: { kind: "Thing", name: "x" } }, want: [] },
  ])("with $name", async ({ more, want }) => {
    expect(await problems(definition, strategy, claim(more))).toEqual(want);
  });

  test("has its source in both fields", () => {
    const source = { kind: "PersistentVolumeClaim", name: "x" };
    const made = created<PersistentVolumeClaim>(definition, strategy, claim({ dataSource: source }));
    expect(made.spec.dataSourceRef).toMatchObject(source);
  });
});

describe("a claim that changes", () => {
  const bound = created<PersistentVolumeClaim>(definition, strategy, claim({ volumeName: "v" }));
  bound.status = { phase: "Bound", capacity: { storage: "1Gi" } };
  const resize = (storage: string) => (object: PersistentVolumeClaim) => {
    object.spec.resources = { requests: { storage } };
  };

  test.each([
    { name: "may grow", change: resize("3Gi"), want: [] },
    { name: "may shrink back to more than it has", change: resize("1500Mi"), want: [] },
    {
      name: "may not shrink below what it has",
      change: resize("512Mi"),
      want: ["spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"],
    },
    {
      name: "keeps its class",
      change: (object: PersistentVolumeClaim) => {
        object.spec.volumeName = "w";
      },
      want: [
        "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n",
      ],
    },
  ])("$name", async ({ change, want }) => {
    expect((await updated(definition, strategy, bound as never, change as never)).problems).toEqual(want);
  });
});

test("half a byte warns", () => {
  const made = created<PersistentVolumeClaim>(
    definition,
    strategy,
    claim({ resources: { requests: { storage: "1500m" } } }),
  );
  expect(claimWarnings(made)).toEqual([
    'spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer',
  ]);
});

test("a row shows what a bound claim has", () => {
  const object = {
    metadata: { name: "a", creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: { volumeName: "v", storageClassName: "fast", volumeMode: "Block" },
    status: { phase: "Bound", capacity: { storage: "1Gi" }, accessModes: ["ReadWriteMany", "ReadWriteOnce"] },
  };
  expect(strategy.cells?.(object as never, { now: Date.UTC(2026, 0, 1) })).toEqual([
    "a",
    "Bound",
    "v",
    "1Gi",
    "RWO,RWX",
    "fast",
    "<unset>",
    "0s",
    "Block",
  ]);
});
