import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../../../lib/apimachinery/meta.ts";
import { InformerStore } from "../../../../lib/client/shared-informers.ts";
import { OwnWrites } from "../../../../lib/controllers/own-writes.ts";

function object(uid: string, revision: number): KubeObject {
  return { metadata: { name: uid, uid, resourceVersion: String(revision), creationTimestamp: "" } };
}

describe("OwnWrites", () => {
  it("are seen when the informers have come as far as the newest of them", () => {
    const [pods, sets] = [new InformerStore<KubeObject>(), new InformerStore<KubeObject>()];
    pods.replace([], "1");
    sets.replace([], "1");
    const writes = new OwnWrites();
    writes.wrote("k", pods, object("a", 5));
    writes.wrote("k", pods, object("b", 4));
    writes.wrote("k", sets, object("c", 3));
    expect([writes.seen("k"), writes.seen("other")]).toEqual([false, true]);
    sets.apply({ type: "MODIFIED", object: object("c", 3) });
    pods.apply({ type: "ADDED", object: object("b", 4) });
    expect(writes.seen("k")).toBe(false);
    pods.apply({ type: "ADDED", object: object("x", 9) });
    expect(writes.seen("k")).toBe(true);
  });

  it("hide what is deleted until the informer no longer shows it", () => {
    const writes = new OwnWrites();
    const [a, b] = [object("a", 1), object("b", 2)];
    writes.deleted("k", "a");
    expect(writes.withoutDeleted("k", [a, b])).toEqual([b]);
    expect(writes.withoutDeleted("k", [b])).toEqual([b]);
    // Nothing more is known of a: a list that has it again is believed.
    expect(writes.withoutDeleted("k", [a, b])).toEqual([a, b]);
    writes.deleted("k", "b");
    writes.forget("k");
    expect(writes.withoutDeleted("k", [a, b])).toEqual([a, b]);
  });
});
