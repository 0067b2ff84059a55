/** Keeps logs from filling the disk (upstream: kubelet/logs/container_log_manager.go). */
import { readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Clock } from "../../lib/apimachinery/clock.ts";
import { isRuntimeNotFound, type RuntimeService } from "../runtime/cri/client.ts";

const maxBytes = 10 * 1024 * 1024;
const maxFiles = 5;
const lookMs = 10_000;

/** Rotates the logs of running containers. */
export class LogRotation {
  readonly #runtime: RuntimeService;
  readonly #clock: Clock;
  readonly #log: (message: string, error?: unknown) => void;

  constructor(runtime: RuntimeService, clock: Clock, log: (message: string, error?: unknown) => void) {
    this.#runtime = runtime;
    this.#clock = clock;
    this.#log = log;
  }

  /** Until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#clock.sleep(lookMs, signal);
      if (signal.aborted) return;
      await this.rotateAll().catch((error) => this.#log(`logs can't be rotated: ${(error as Error).message}`, error));
    }
  }

  /** Looks at all running containers once. */
  async rotateAll(): Promise<void> {
    for (const { id, state } of await this.#runtime.listContainers()) {
      if (state !== "CONTAINER_RUNNING") continue;
      try {
        const { logPath } = await this.#runtime.containerStatus(id);
        const found = await stat(logPath).catch(() => undefined);
        if (found && found.size >= maxBytes) await this.#rotate(id, logPath);
      } catch (error) {
        if (!isRuntimeNotFound(error)) throw error;
      }
    }
  }

  async #rotate(id: string, path: string): Promise<void> {
    const stamp = new Date(this.#clock.now())
      .toISOString()
      .replaceAll(/[-:]|\.\d+Z/g, "")
      .replace("T", "-");
    const rotated = `${path}.${stamp}`;
    await rename(path, rotated);
    try {
      await this.#runtime.reopenContainerLog(id);
    } catch (error) {
      // The container still writes to the old file: it must be found under its name.
      await rename(rotated, path);
      throw error;
    }
    const folder = dirname(path);
    const old = (await readdir(folder)).filter((name) => name.startsWith(`${basename(path)}.`)).sort();
    for (const name of old.slice(0, Math.max(0, old.length - (maxFiles - 1))))
      await rm(join(folder, name), { force: true });
  }
}
