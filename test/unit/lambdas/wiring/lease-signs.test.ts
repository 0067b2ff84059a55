import { describe, expect, it } from "vitest";
import { LeaseSigns, sawLease } from "../../../../lambdas/wiring/lease-signs.ts";
import type { KubeObject, Resource } from "../../../../lib/apimachinery/meta.ts";
import type { NodeHealthItem } from "../../../../lib/nodes/health.ts";
import type { Lease } from "../../../../lib/openapi/types/coordination-v1.ts";
import { leases, nodes } from "../../../../lib/openapi/types/resources.ts";

const resource = leases as Resource;

function lease(name: string, uid: string | undefined, namespace = "kube-node-lease"): KubeObject {
  const owner = { apiVersion: "v1", kind: "Node", name };
  const metadata = { name, namespace, ...(uid === undefined ? {} : { ownerReferences: [{ ...owner, uid }] }) };
  return { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec: {} } as unknown as Lease;
}

const renewed = (object: KubeObject, at: number) => ({ change: { resource, revision: at, object }, at });

async function noted(...changes: Parameters<LeaseSigns["note"]>[0]): Promise<NodeHealthItem[]> {
  const items: NodeHealthItem[] = [];
  const signs = new LeaseSigns({
    async heard(item) {
      items.push(item);
      return false;
    },
  });
  await signs.note(changes);
  return items;
}

describe("Leases as signs of life", () => {
  it("are noted once a node, at the newest time, in whatever order they come", async () => {
    expect(await noted(renewed(lease("a", "1"), 5), renewed(lease("a", "1"), 9), renewed(lease("a", "1"), 7))).toEqual([
      { node: "a", uid: "1", heardAt: 9 },
    ]);
  });

  it("are of any Node of the name where they name no owner", async () => {
    expect(await noted(renewed(lease("a", undefined), 5))).toEqual([{ node: "a", uid: "", heardAt: 5 }]);
  });

  it("are none elsewhere, and none where they are gone or hold nonsense", async () => {
    const gone = { change: { resource, revision: 5, old: lease("a", "1") }, at: 5 };
    const ofNode = { change: { resource: nodes as Resource, revision: 5, object: lease("a", "1") }, at: 5 };
    const nonsense = renewed(lease("a", "x".repeat(500_000)), 5);
    expect(await noted(renewed(lease("a", "1", "default"), 5), gone, ofNode, nonsense)).toEqual([]);
  });

  it("are nothing that the node lifecycle controller must hear of, all else is", () => {
    expect(sawLease("node-lifecycle-controller", resource)).toBe(true);
    expect(sawLease("node-lifecycle-controller", nodes as Resource)).toBe(false);
    expect(sawLease("another-controller", resource)).toBe(false);
  });
});
