import { describe, expect, it } from "vitest";
import { selectorFromSet } from "../../../../lib/apimachinery/labels.ts";
import type { OwnerReference } from "../../../../lib/apimachinery/meta.ts";
import { claimObjects } from "../../../../lib/controllers/claim.ts";
import { newControllerRef } from "../../../../lib/controllers/owned.ts";
import type { Pod } from "../../../../lib/openapi/types/core-v1.ts";
import { pods, replicasets } from "../../../../lib/openapi/types/resources.ts";
import { FakeApi } from "../../../support/fake-api.ts";
import { FakeClock, seededRandom } from "../../../support/fake-clock.ts";
import { webReplicaSet } from "../../../support/workloads.ts";

const other: OwnerReference = { apiVersion: "v1", kind: "X", name: "x", uid: "other", controller: true };

function start(ending = false) {
  const api = new FakeApi(new FakeClock(), seededRandom(1));
  const draft = webReplicaSet(1);
  if (ending) draft.metadata = { ...draft.metadata, deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: ["x"] };
  const owner = api.put(replicasets, draft);
  const claim = {
    client: api,
    owner,
    ownerResource: replicasets,
    resource: pods,
    selector: selectorFromSet({ app: "web" }),
    finalizers: ["test/hold"],
  };
  const own = newControllerRef(replicasets, owner);
  const put = (app: string, owners: OwnerReference[], more = {}): Pod =>
    api.put(pods, {
      metadata: {
        name: "p",
        namespace: "default",
        labels: { app },
        ownerReferences: owners,
        finalizers: ["test/hold"],
        ...more,
      },
      spec: { containers: [] },
    });
  return { api, owner, claim, own, put };
}

describe("claimObjects", () => {
  const deletionTimestamp = "2026-01-01T00:00:00Z";
  const cases: {
    name: string;
    app?: string;
    owners?: "own" | "other" | "none";
    pod?: object;
    ending?: boolean;
    want: { claimed: boolean; owners: string[]; finalizers: number };
  }[] = [
    { name: "keeps its own", owners: "own", want: { claimed: true, owners: ["web"], finalizers: 1 } },
    { name: "adopts an orphan", pod: { finalizers: [] }, want: { claimed: true, owners: ["web"], finalizers: 1 } },
    {
      name: "releases what no longer matches",
      owners: "own",
      app: "db",
      want: { claimed: false, owners: [], finalizers: 0 },
    },
    { name: "leaves another's", owners: "other", want: { claimed: false, owners: ["x"], finalizers: 1 } },
    { name: "leaves an orphan that does not match", app: "db", want: { claimed: false, owners: [], finalizers: 1 } },
    {
      name: "leaves an orphan that ends",
      pod: { deletionTimestamp },
      want: { claimed: false, owners: [], finalizers: 1 },
    },
    { name: "adopts nothing when it ends itself", ending: true, want: { claimed: false, owners: [], finalizers: 1 } },
    {
      name: "releases nothing when it ends itself",
      owners: "own",
      app: "db",
      ending: true,
      want: { claimed: false, owners: ["web"], finalizers: 1 },
    },
  ];
  for (const { name, app = "web", owners = "none", pod: more = {}, ending, want } of cases) {
    it(name, async () => {
      const { api, claim, own, put } = start(ending);
      const pod = put(app, owners === "own" ? [own] : owners === "other" ? [other] : [], more);
      const claimed = await claimObjects(claim, [pod]);
      const [{ metadata }] = api.all(pods);
      expect({
        claimed: claimed.length > 0,
        owners: (metadata.ownerReferences ?? []).map((one) => one.name),
        finalizers: metadata.finalizers?.length,
      }).toEqual(want);
    });
  }

  it("asks the server whether it still lives before it adopts, once", async () => {
    const { api, owner, claim, put } = start();
    const pod = put("web", []);
    api.remove(replicasets, owner.metadata);
    await expect(claimObjects(claim, [pod])).rejects.toThrow('replicasets.apps "web" not found');
    const successor = api.put(replicasets, webReplicaSet(1));
    await expect(claimObjects(claim, [pod])).rejects.toThrow(
      `original ReplicaSet default/web is gone: got uid ${successor.metadata.uid}, wanted ${owner.metadata.uid}`,
    );
  });

  it("does not mind what is gone, and goes on after an error", async () => {
    const { api, claim, put } = start();
    const pod = put("web", []);
    api.remove(pods, pod.metadata);
    expect(await claimObjects(claim, [pod])).toEqual([]);
  });
});
