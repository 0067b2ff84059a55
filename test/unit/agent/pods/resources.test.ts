import { expect, it } from "vitest";
import { containerResources, cpuQuota, cpuShares, oomScoreAdj, podCgroup } from "../../../../agent/pods/resources.ts";
import { container, pod } from "../objects.ts";

it.each([
  [0, 2, 0],
  [1, 2, 1000],
  [100, 102, 10_000],
  [1000, 1024, 100_000],
  [1_000_000, 262_144, 100_000_000],
])("%i thousandths of a processor: %i shares, %i µs", (milli, shares, quota) => {
  expect([cpuShares(milli), cpuQuota(milli)]).toEqual([shares, quota]);
});

it("limits a container; a limit alone is the request too", () => {
  const limited = container("main", { resources: { limits: { cpu: "500m", memory: "64Mi" } } });
  expect(containerResources(limited, pod(), 1024 ** 3)).toMatchObject({
    cpuShares: 512,
    cpuPeriod: 100_000,
    cpuQuota: 50_000,
    memoryLimitInBytes: 64 * 1024 * 1024,
  });
  expect(containerResources(container("main"), pod(), 1024 ** 3)).not.toHaveProperty("cpuQuota");
});

it.each([
  { qosClass: "Guaranteed", want: -997 },
  { qosClass: "BestEffort", want: 1000 },
  { qosClass: "Burstable", memory: "512Mi", want: 500 },
  { qosClass: "Burstable", want: 999 },
  { qosClass: "Burstable", memory: "1Gi", want: 3 },
  { qosClass: "BestEffort", priority: 2_000_000_000, want: -997 },
])("$qosClass $memory $priority: $want", ({ qosClass, memory, priority, want }) => {
  const one = container("main", memory ? { resources: { requests: { memory } } } : {});
  expect(oomScoreAdj(one, pod({ priority }, { status: { qosClass } }), 1024 ** 3)).toBe(want);
});

it("a pod's cgroup is named by its uid", () => {
  expect(podCgroup("/coracle/n", pod())).toBe("/coracle/n/podu1");
});
