/** Runs postStart and preStop hooks (upstream: kubelet/lifecycle/handlers.go). */
import type { Clock } from "../../lib/apimachinery/clock.ts";
import type { Container, LifecycleHandler } from "../../lib/openapi/types/core-v1.ts";
import type { RuntimeService } from "../runtime/cri/client.ts";
import { check } from "./probes/handlers.ts";

/** Against what a hook runs. */
export interface HookTarget {
  readonly runtime: RuntimeService;
  readonly clock: Clock;
  readonly container: Container;
  readonly containerId: string;
  readonly podIp: string;
  readonly timeoutMs: number;
}

/** Runs a hook to its end. Rejects with an Error where it failed. */
export async function runHook(handler: LifecycleHandler, target: HookTarget): Promise<void> {
  const { runtime, clock, containerId, timeoutMs } = target;
  if (handler.sleep) return clock.sleep(Math.min(handler.sleep.seconds * 1000, timeoutMs));
  if (handler.exec) {
    const command = handler.exec.command ?? [];
    // No time limit of its own: a postStart may take as long as it takes.
    const seconds = Number.isFinite(timeoutMs) ? Math.max(1, Math.ceil(timeoutMs / 1000)) : 0;
    const { exitCode, stdout, stderr } = await runtime.execSync(containerId, command, seconds);
    if (exitCode === 0) return;
    const output = Buffer.concat([stdout, stderr]).toString();
    throw new Error(`command '${command.join(" ")}' exited with ${exitCode}: ${output}`);
  }
  if (handler.httpGet) {
    const limit = Math.min(timeoutMs, 30_000);
    const { result, output } = await check(handler, { ...target, timeoutMs: limit });
    if (result !== "success" && result !== "warning") throw new Error(output);
    return;
  }
  throw new Error("invalid handler: it has none of exec, httpGet and sleep");
}
