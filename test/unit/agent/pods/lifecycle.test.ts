import { expect, it } from "vitest";
import { runHook } from "../../../../agent/pods/lifecycle.ts";
import { systemClock } from "../../../../lib/apimachinery/clock.ts";
import { FakeRuntime } from "../fake-runtime.ts";
import { container } from "../objects.ts";

async function target() {
  const runtime = new FakeRuntime();
  const containerId = await runtime.createContainer("box", {
    metadata: { name: "main", attempt: 0 },
    labels: {},
  } as never);
  return {
    runtime,
    clock: systemClock,
    container: container("main"),
    containerId,
    podIp: "127.0.0.1",
    timeoutMs: 1000,
  };
}

it("runs a command", async () => {
  const at = await target();
  await runHook({ exec: { command: ["true", "x"] } }, at);
  expect(at.runtime.calls).toContain("exec main true x");
});

it("tells what a failed command said", async () => {
  const hook = runHook({ exec: { command: ["false", "no way"] } }, await target());
  await expect(hook).rejects.toThrow("command 'false no way' exited with 1: no way");
});

it("sleeps, but not longer than there is time", async () => {
  const at = await target();
  const startedAt = Date.now();
  await runHook({ sleep: { seconds: 60 } }, { ...at, timeoutMs: 20 });
  expect(Date.now() - startedAt).toBeLessThan(5000);
});

it("refuses a handler that has nothing", async () => {
  await expect(runHook({}, await target())).rejects.toThrow("invalid handler");
});
