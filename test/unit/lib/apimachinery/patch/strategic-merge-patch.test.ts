import { describe, expect, it } from "vitest";
import {
  applyStrategicMergePatch,
  StrategicPatchError,
} from "../../../../../lib/apimachinery/patch/strategic-merge-patch.ts";
import { patchSchema } from "../../../../../lib/openapi/patch-schema.ts";

const pod = patchSchema("core.v1.PodSpec");
const meta = patchSchema("meta.v1.ObjectMeta");
const spec = {
  containers: [
    { name: "a", image: "a:1", args: ["x"] },
    { name: "b", image: "b:1" },
  ],
  volumes: [{ name: "v", emptyDir: {} }],
  tolerations: [{ key: "t" }],
  nodeSelector: { x: "1", y: "2" },
};

describe("applyStrategicMergePatch", () => {
  it.each([
    {
      name: "items are merged by their key",
      patch: { containers: [{ name: "b", image: "b:2" }] },
      want: { ...spec, containers: [spec.containers[0], { name: "b", image: "b:2" }] },
    },
    {
      name: "a new item goes first",
      patch: { containers: [{ name: "c" }] },
      want: { ...spec, containers: [{ name: "c" }, ...spec.containers] },
    },
    {
      name: "lists without a strategy are replaced",
      patch: { tolerations: [{ key: "u" }] },
      want: { ...spec, tolerations: [{ key: "u" }] },
    },
    {
      name: "null removes",
      patch: { nodeSelector: { x: null }, volumes: null },
      want: { containers: spec.containers, tolerations: spec.tolerations, nodeSelector: { y: "2" } },
    },
    {
      name: "$patch: delete takes an item out",
      patch: { containers: [{ name: "a", $patch: "delete" }] },
      want: { ...spec, containers: [spec.containers[1]] },
    },
    {
      name: "$patch: replace on a list",
      patch: { containers: [{ $patch: "replace" }, { name: "c" }] },
      want: { ...spec, containers: [{ name: "c" }] },
    },
    {
      name: "$patch: replace on a map",
      patch: { nodeSelector: { $patch: "replace", z: "3" } },
      want: { ...spec, nodeSelector: { z: "3" } },
    },
    {
      name: "$retainKeys keeps one source of a volume",
      patch: { volumes: [{ name: "v", hostPath: { path: "/" }, $retainKeys: ["name", "hostPath"] }] },
      want: { ...spec, volumes: [{ name: "v", hostPath: { path: "/" } }] },
    },
    {
      name: "$setElementOrder orders",
      patch: { "$setElementOrder/containers": [{ name: "b" }, { name: "a" }] },
      want: { ...spec, containers: [spec.containers[1], spec.containers[0]] },
    },
  ])("$name", ({ patch, want }) => {
    const before = structuredClone(spec);
    expect(applyStrategicMergePatch(spec, patch, pod)).toEqual(want);
    expect(spec).toEqual(before);
  });

  it.each([
    { name: "primitives are merged", patch: { finalizers: ["b/c"] }, want: ["a/b", "b/c"] },
    { name: "$deleteFromPrimitiveList", patch: { "$deleteFromPrimitiveList/finalizers": ["a/b"] }, want: [] },
  ])("$name", ({ patch, want }) => {
    expect([...(applyStrategicMergePatch({ finalizers: ["a/b"] }, patch, meta).finalizers as string[])].sort()).toEqual(
      want,
    );
  });

  it.each([
    {
      name: "a missing merge key",
      patch: { containers: [{ image: "x" }] },
      code: 500,
      want: "map: map[image:x] does not contain declared merge key: name",
    },
    {
      name: "an unknown directive",
      patch: { nodeSelector: { $patch: "burn" } },
      code: 500,
      want: "unknown patch type: burn",
    },
    {
      name: "$retainKeys that lacks a key of the patch",
      patch: { volumes: [{ name: "v", hostPath: {}, $retainKeys: ["name"] }] },
      code: 400,
      want: "the retainKeys list doesn't contain all fields in the patch",
    },
  ])("refuses $name", ({ patch, code, want }) => {
    let error: unknown;
    try {
      applyStrategicMergePatch(spec, patch, pod);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(StrategicPatchError);
    expect(error).toMatchObject({ code });
    expect((error as Error).message).toContain(want);
  });
});
