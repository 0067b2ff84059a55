import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../../../../lib/apimachinery/meta.ts";
import { selectedChange } from "../../../../../lib/controllers/queued/selected-change.ts";

const object = (name: string, namespace: string, labels = {}): KubeObject => ({
  metadata: { name, namespace, uid: "u", resourceVersion: "1", creationTimestamp: "", labels },
});
const inside = object("a", "x", { app: "web" });
const outside = object("a", "x", { app: "db" });

describe("a change seen through a query", () => {
  it("is itself where there is no query", () => {
    expect(selectedChange({ object: inside, old: outside })).toEqual({ object: inside, old: outside });
    expect(selectedChange({ old: outside })).toEqual({ old: outside });
  });

  it("is one that appears or goes where it enters or leaves", () => {
    const query = { labelSelector: "app=web" };
    expect(selectedChange({ object: inside, old: outside }, query)).toEqual({ object: inside });
    expect(selectedChange({ object: outside, old: inside }, query)).toEqual({ old: inside });
    expect(selectedChange({ object: outside, old: outside }, query)).toBeUndefined();
  });

  it("keeps to namespace and name", () => {
    expect(selectedChange({ object: inside }, { namespace: "y" })).toBeUndefined();
    expect(selectedChange({ object: inside }, { namespace: "x" })).toEqual({ object: inside });
    expect(selectedChange({ object: inside }, { fieldSelector: "metadata.name=b" })).toBeUndefined();
    expect(selectedChange({ object: inside }, { fieldSelector: "metadata.name=a" })).toEqual({ object: inside });
  });

  it("refuses fields that are not known here", () => {
    expect(() => selectedChange({ object: inside }, { fieldSelector: "spec.nodeName=n" })).toThrow("spec.nodeName");
  });
});
