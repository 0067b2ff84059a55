import { afterEach, describe, expect, it } from "vitest";
import {
  createClaimProtectionController,
  createVolumeProtectionController,
} from "../../../../lib/controllers/storage-protection.ts";
import type { PodSpec } from "../../../../lib/openapi/types/core-v1.ts";
import { persistentvolumeclaims, persistentvolumes, pods } from "../../../../lib/openapi/types/resources.ts";
import { type Harness, startHarness } from "../../../support/controller-harness.ts";

let harness: Harness;
afterEach(() => harness.stop());

describe("claim protection", () => {
  const place = { namespace: "default", name: "data" };
  const volume = { name: "v", persistentVolumeClaim: { claimName: "data" } };
  const cases: { name: string; pod?: Partial<PodSpec>; podName?: string; kept: boolean }[] = [
    { name: "nobody uses", kept: false },
    { name: "a pod on a node uses", pod: { nodeName: "n1", volumes: [volume] }, kept: true },
    { name: "only a pod without a node uses", pod: { volumes: [volume] }, kept: false },
    {
      name: "a pod has as its ephemeral volume",
      pod: { nodeName: "n1", volumes: [{ name: "data", ephemeral: {} }] },
      podName: "x",
      kept: false,
    },
    { name: "another claim's pod is beside", pod: { nodeName: "n1", volumes: [] }, kept: false },
  ];
  for (const { name, pod, podName = "p", kept } of cases) {
    it(`${kept ? "keeps" : "lets go"} a claim that ${name}`, async () => {
      harness = startHarness([
        { name: "persistentvolumeclaim-protection-controller", create: createClaimProtectionController },
      ]);
      const { api, settle } = harness;
      if (pod) {
        api.put(pods, { metadata: { name: podName, namespace: "default" }, spec: { containers: [], ...pod } });
      }
      await api.create(persistentvolumeclaims, { metadata: place, spec: {} });
      await settle();
      expect(api.all(persistentvolumeclaims)[0].metadata.finalizers).toEqual(["kubernetes.io/pvc-protection"]);
      await api.delete(persistentvolumeclaims, place);
      await settle();
      expect(api.all(persistentvolumeclaims)).toHaveLength(kept ? 1 : 0);
      if (!kept) return;
      api.remove(pods, { namespace: "default", name: podName });
      await settle();
      expect(api.all(persistentvolumeclaims)).toEqual([]);
    });
  }
});

describe("volume protection", () => {
  it("keeps a volume as long as it is bound", async () => {
    harness = startHarness([
      { name: "persistentvolume-protection-controller", create: createVolumeProtectionController },
    ]);
    const { api, settle } = harness;
    api.put(persistentvolumes, { metadata: { name: "v" }, spec: {}, status: { phase: "Bound" } });
    await settle();
    await api.delete(persistentvolumes, { name: "v" });
    await settle();
    const [volume] = api.all(persistentvolumes);
    expect(volume.metadata.finalizers).toEqual(["kubernetes.io/pv-protection"]);
    api.put(persistentvolumes, { ...volume, status: { phase: "Released" } });
    await settle();
    expect(api.all(persistentvolumes)).toEqual([]);
  });
});
