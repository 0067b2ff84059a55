import { describe, expect, test } from "vitest";
import type {
  CSIDriver,
  CSINode,
  StorageClass,
  VolumeAttachment,
} from "../../../../../lib/openapi/types/storage-v1.ts";
import {
  csiDriverStrategy,
  csiNodeStrategy,
  csiStorageCapacityStrategy,
  volumeAttachmentStrategy,
  volumeAttributesClassStrategy,
} from "../../../../../lib/registry/storage.k8s.io/csi.ts";
import { storageClassStrategy } from "../../../../../lib/registry/storage.k8s.io/storageclass.ts";
import { created, now, problems, updated } from "../objects.ts";

const metadata = { name: "a" };

test.each([
  {
    name: "a class",
    definition: "StorageClass",
    strategy: storageClassStrategy,
    object: { provisioner: "p.test/x" },
    want: [],
  },
  {
    name: "a class without a provisioner",
    definition: "StorageClass",
    strategy: storageClassStrategy,
    object: {},
    want: ["provisioner: Required value"],
  },
  {
    name: "a class that binds some time",
    definition: "StorageClass",
    strategy: storageClassStrategy,
    object: { provisioner: "p", volumeBindingMode: "Later" },
    want: ['volumeBindingMode: Unsupported value: "Later": supported values: "Immediate", "WaitForFirstConsumer"'],
  },
  {
    name: "a class of topologies without values",
    definition: "StorageClass",
    strategy: storageClassStrategy,
    object: { provisioner: "p", allowedTopologies: [{ matchLabelExpressions: [{ key: "zone", values: [] }] }] },
    want: ["allowedTopologies[0].matchLabelExpressions[0].values: Required value"],
  },
  {
    name: "a driver's audience twice",
    definition: "CSIDriver",
    strategy: csiDriverStrategy,
    object: { spec: { tokenRequests: [{ audience: "x" }, { audience: "x" }] } },
    want: ['spec.tokenRequests[1].audience: Duplicate value: "x"'],
  },
  {
    name: "a driver that updates too often",
    definition: "CSIDriver",
    strategy: csiDriverStrategy,
    object: { spec: { nodeAllocatableUpdatePeriodSeconds: 9 } },
    want: ["spec.nodeAllocatableUpdatePeriodSeconds: Invalid value: 9: must be greater than or equal to 10 seconds"],
  },
  {
    name: "a node's driver twice",
    definition: "CSINode",
    strategy: csiNodeStrategy,
    object: {
      spec: {
        drivers: [
          { name: "d", nodeID: "1" },
          { name: "d", nodeID: "2" },
        ],
      },
    },
    want: ['spec.drivers[1].name: Duplicate value: "d"'],
  },
  {
    name: "a capacity below zero",
    definition: "CSIStorageCapacity",
    strategy: csiStorageCapacityStrategy,
    object: { storageClassName: "s", capacity: "-1" },
    want: ['capacity: Invalid value: "-1": must be greater than or equal to 0'],
  },
  {
    name: "an attachment of nothing",
    definition: "VolumeAttachment",
    strategy: volumeAttachmentStrategy,
    object: { spec: { attacher: "a.test", nodeName: "n", source: {} } },
    want: ["spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName"],
  },
  {
    name: "attributes of nothing",
    definition: "VolumeAttributesClass",
    strategy: volumeAttributesClassStrategy,
    object: { driverName: "d.test" },
    want: ["parameters: Required value: must contain at least one key/value pair"],
  },
])("$name", async ({ definition, strategy, object, want }) => {
  expect(await problems(`storage.v1.${definition}`, strategy, { metadata, ...object })).toEqual(want);
});

describe("defaults and rows", () => {
  test("of classes", () => {
    const annotations = { "storageclass.kubernetes.io/is-default-class": "true" };
    const made = created<StorageClass>("storage.v1.StorageClass", storageClassStrategy, {
      metadata: { name: "a", annotations },
      provisioner: "p",
    });
    expect(storageClassStrategy.cells?.(made, { now })).toEqual([
      "a (default)",
      "p",
      "Delete",
      "Immediate",
      false,
      "<unknown>",
    ]);
  });

  test("of drivers", () => {
    const made = created<CSIDriver>("storage.v1.CSIDriver", csiDriverStrategy, { metadata, spec: {} });
    expect(csiDriverStrategy.cells?.(made, { now })).toEqual([
      "a",
      true,
      false,
      false,
      "<unset>",
      false,
      "Persistent",
      "<unknown>",
    ]);
  });
});

describe("what may change", () => {
  test("of a class: only whether volumes may grow", async () => {
    const old = created<StorageClass>("storage.v1.StorageClass", storageClassStrategy, { metadata, provisioner: "p" });
    const edit = (change: object) => (one: StorageClass) => Object.assign(one, change);
    const found = async (change: object) =>
      (await updated("storage.v1.StorageClass", storageClassStrategy, old as never, edit(change) as never)).problems;
    expect(await found({ allowVolumeExpansion: true })).toEqual([]);
    expect(await found({ reclaimPolicy: "Retain" })).toEqual([
      'reclaimPolicy: Invalid value: "Retain": field is immutable',
    ]);
  });

  test("of a node's driver: how many volumes it can have", async () => {
    const old = created<CSINode>("storage.v1.CSINode", csiNodeStrategy, {
      metadata,
      spec: { drivers: [{ name: "d", nodeID: "1" }] },
    });
    const found = async (change: object) =>
      (
        await updated(
          "storage.v1.CSINode",
          csiNodeStrategy,
          old as never,
          ((one: CSINode) => Object.assign(one.spec.drivers[0], change)) as never,
        )
      ).problems;
    expect(await found({ allocatable: { count: 3 } })).toEqual([]);
    expect(await found({ nodeID: "2" })).toEqual([
      'spec.drivers: Invalid value: {"Name":"d","NodeID":"2","TopologyKeys":null,"Allocatable":null}: field is immutable',
    ]);
  });

  test("of an attachment: its status alone", async () => {
    const spec = { attacher: "a.test", nodeName: "n", source: { persistentVolumeName: "v" } };
    const old = created<VolumeAttachment>("storage.v1.VolumeAttachment", volumeAttachmentStrategy, { metadata, spec });
    const change = await updated(
      "storage.v1.VolumeAttachment",
      volumeAttachmentStrategy,
      old as never,
      ((one: VolumeAttachment) => {
        one.spec.nodeName = "m";
        one.status = { attached: true };
      }) as never,
      "status",
    );
    expect(change.object).toMatchObject({ spec: { nodeName: "n" }, status: { attached: true } });
    const move = (one: VolumeAttachment) => {
      one.spec.nodeName = "m";
    };
    const moved = await updated("storage.v1.VolumeAttachment", volumeAttachmentStrategy, old as never, move as never);
    expect(moved.problems).toEqual([
      'spec: Invalid value: {"Attacher":"a.test","Source":{"PersistentVolumeName":"v","InlineVolumeSpec":null},"NodeName":"m"}: field is immutable',
    ]);
  });
});
