import { describe, expect, test } from "vitest";
import type { AnyObject } from "../../../../../../lib/apimachinery/meta.ts";
import type { PersistentVolume } from "../../../../../../lib/openapi/types/core-v1.ts";
import { persistentVolumeStrategy as strategy } from "../../../../../../lib/registry/core/persistentvolume/strategy.ts";
import { volumeWarnings } from "../../../../../../lib/registry/core/persistentvolume/warnings.ts";
import { created, problems, updated } from "../../objects.ts";

const definition = "core.v1.PersistentVolume";
const spec = { accessModes: ["ReadWriteOnce"], capacity: { storage: "1Gi" } };
const volume = (more: object) => ({ metadata: { name: "v" }, spec: { ...spec, ...more } });
const hostPath = { path: "/tmp/x" };

describe("a new volume", () => {
  test.each([
    { name: "a path", more: { hostPath }, want: [] },
    { name: "no source", more: {}, want: ["spec: Required value: must specify a volume type"] },
    {
      name: "two sources",
      more: { hostPath, nfs: { server: "s", path: "/" } },
      want: ["spec.nfs: Forbidden: may not specify more than 1 volume type"],
    },
    {
      name: "a path that climbs",
      more: { hostPath: { path: "/a/../b" } },
      want: ["spec.hostPath.path: Invalid value: \"/a/../b\": must not contain '..'"],
    },
    {
      name: "a local disk anywhere",
      more: { local: { path: "/d" } },
      want: ["spec.nodeAffinity: Required value: Local volume requires node affinity"],
    },
    {
      name: "a driver's volume without a handle",
      more: { csi: { driver: "d.test" } },
      want: ["spec.csi.volumeHandle: Required value"],
    },
    {
      name: "the root of a node to be wiped",
      more: { hostPath: { path: "/" }, persistentVolumeReclaimPolicy: "Recycle" },
      want: ["spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'"],
    },
  ])("of $name", async ({ more, want }) => {
    expect(await problems(definition, strategy, volume(more))).toEqual(want);
  });
});

describe("a volume that changes", () => {
  const old = created<PersistentVolume>(definition, strategy, volume({ hostPath }));

  test("keeps its source", async () => {
    const { problems: found } = await updated(definition, strategy, old as never, (object: PersistentVolume) => {
      if (object.spec?.hostPath) object.spec.hostPath.path = "/other";
    });
    expect(found).toEqual([
      "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation\n",
    ]);
  });

  test("is stamped with the time of its phase", async () => {
    const before = { ...old, status: { phase: "Pending", lastPhaseTransitionTime: "2025-01-01T00:00:00Z" } };
    const to = (phase: string) => (object: PersistentVolume) => Object.assign(object, { status: { phase } });
    const moved = await updated<AnyObject>(definition, strategy, before as never, to("Bound") as never, "status");
    expect(moved.object.status).toEqual({ phase: "Bound", lastPhaseTransitionTime: "2026-01-01T00:00:00Z" });
    const same = await updated<AnyObject>(definition, strategy, before as never, to("Pending") as never, "status");
    expect(same.object.status).toEqual(before.status);
  });
});

test("old sources and recycling warn", () => {
  const object = created<PersistentVolume>(
    definition,
    strategy,
    volume({ rbd: { monitors: ["m"], image: "i" }, persistentVolumeReclaimPolicy: "Recycle" }),
  );
  expect(volumeWarnings(object)).toEqual([
    "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.",
    "spec.rbd: deprecated in v1.28, non-functional in v1.31+",
  ]);
});
