import { describe, expect, it } from "vitest";
import { podLimits, podRequests } from "../../../../lib/quota/pod-totals.ts";

describe("pod totals", () => {
  const one = (cpu: string, more: object = {}) => ({
    name: "c",
    resources: { requests: { cpu }, limits: { cpu } },
    ...more,
  });
  const cases = [
    { name: "a sum", spec: { containers: [one("1"), one("500m")] }, want: "1500m" },
    { name: "a hungry beginning", spec: { containers: [one("1")], initContainers: [one("2")] }, want: "2" },
    {
      name: "a sidecar goes on",
      spec: { containers: [one("1")], initContainers: [one("1", { restartPolicy: "Always" }), one("500m")] },
      want: "2",
    },
    { name: "overhead on top", spec: { containers: [one("1")], overhead: { cpu: "250m" } }, want: "1250m" },
    {
      name: "the pod's own",
      spec: { containers: [one("1")], resources: { requests: { cpu: "3" }, limits: { cpu: "3" } } },
      want: "3",
    },
  ];
  it.each(cases)("$name", ({ spec, want }) => {
    expect(podRequests(spec as never).cpu).toBe(want);
    expect(podLimits(spec as never).cpu).toBe(want);
  });
});
