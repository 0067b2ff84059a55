import { expect, it } from "vitest";
import { statusPatch } from "../../../../lib/nodes/pod-status.ts";

it("a patch takes away what is no longer so", () => {
  const before = {
    reason: "Evicted",
    podIP: "10.244.0.5",
    podIPs: [{ ip: "10.244.0.5" }],
    hostIPs: [{ ip: "192.0.2.1" }],
    conditions: [{ type: "Ready", status: "False", reason: "ContainersNotReady", message: "m" }],
  };
  const after = {
    phase: "Running",
    podIP: "10.244.0.6",
    podIPs: [{ ip: "10.244.0.6" }],
    hostIPs: [{ ip: "192.0.2.1" }],
    conditions: [
      { type: "Ready", status: "True" },
      { type: "example.com/gate", status: "True" },
    ],
  };
  expect(statusPatch(after, before)).toEqual({
    phase: "Running",
    reason: null,
    podIP: "10.244.0.6",
    podIPs: [{ $patch: "replace" }, { ip: "10.244.0.6" }],
    conditions: [{ type: "Ready", status: "True", reason: null, message: null }],
  });
});
