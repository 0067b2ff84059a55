import { afterEach, describe, expect, it } from "vitest";
import {
  createClaimProtectionController,
  createClassProtectionController,
  createVolumeProtectionController,
} from "../../../../lib/controllers/storage-protection.ts";
import type { PodSpec } from "../../../../lib/openapi/types/core-v1.ts";
import {
  persistentvolumeclaims,
  persistentvolumes,
  pods,
  volumeattributesclasses,
} from "../../../../lib/openapi/types/resources.ts";
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

describe("protection of attributes' classes", () => {
  const claim = { metadata: { namespace: "default", name: "data" } };
  const users: Record<string, (harness: Harness) => () => void> = {
    "a claim asks for": ({ api }) => {
      api.put(persistentvolumeclaims, { ...claim, spec: { volumeAttributesClassName: "gold" } });
      return () => api.put(persistentvolumeclaims, { ...claim, spec: { volumeAttributesClassName: "silver" } });
    },
    "a claim has": ({ api }) => {
      api.put(persistentvolumeclaims, { ...claim, spec: {}, status: { currentVolumeAttributesClassName: "gold" } });
      return () => api.put(persistentvolumeclaims, { ...claim, spec: {}, status: {} });
    },
    "a claim is being given": ({ api }) => {
      const modifyVolumeStatus = { status: "InProgress", targetVolumeAttributesClassName: "gold" };
      api.put(persistentvolumeclaims, { ...claim, spec: {}, status: { modifyVolumeStatus } });
      return () => api.remove(persistentvolumeclaims, { namespace: "default", name: "data" });
    },
    "a volume has": ({ api }) => {
      api.put(persistentvolumes, { metadata: { name: "v" }, spec: { volumeAttributesClassName: "gold" } });
      return () => api.remove(persistentvolumes, { name: "v" });
    },
  };

  async function deleted(use: (harness: Harness) => () => void) {
    harness = startHarness([
      { name: "volumeattributesclass-protection-controller", create: createClassProtectionController },
    ]);
    const { api, settle } = harness;
    const free = use(harness);
    await api.create(volumeattributesclasses, { metadata: { name: "gold" }, driverName: "csi.example.com" });
    await settle();
    expect(api.all(volumeattributesclasses)[0].metadata.finalizers).toEqual(["kubernetes.io/vac-protection"]);
    await api.delete(volumeattributesclasses, { name: "gold" });
    await settle();
    return free;
  }

  it("lets go a class that nobody uses", async () => {
    await deleted(() => () => undefined);
    expect(harness.api.all(volumeattributesclasses)).toEqual([]);
  });

  it.each(Object.keys(users))("keeps a class that %s", async (name) => {
    const free = await deleted(users[name]);
    expect(harness.api.all(volumeattributesclasses)).toHaveLength(1);
    free();
    await harness.settle();
    expect(harness.api.all(volumeattributesclasses)).toEqual([]);
  });
});
