/**
 * A detached process that `coracle up` keeps running: started, adopted or replaced by its pid file, started again with
 * back-off when it ends. It outlives `up` when that is killed.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../apimachinery/clock.ts";
import { endProcess, isAlive, type ProcessRecord, readPidFile, recordOf, writePidFile } from "./process.ts";

/** What to run. */
export interface DaemonOptions {
  /** Names its pid file (`NAME.pid`) and its log (`NAME.log`) in the folder. */
  readonly name: string;
  readonly folder: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Found in its command line and in no other process's: the data folder, say. */
  readonly marker: string;
  /** What becomes of one that an earlier `up` has left. */
  readonly leftover: "adopt" | "replace";
  /** How long it gets to end after SIGTERM. */
  readonly graceMs: number;
  readonly clock: Clock;
  /** Told when it ended by itself and will be started again. */
  readonly log: (line: string) => void;
}

const firstBackoffMs = 200;
const maxBackoffMs = 30_000;
/** One that ran for this long counts as healthy: the next back-off starts from the beginning. */
const healthyMs = 60_000;
/** Nothing tells of the end of a process that is not our child. */
const adoptedPollMs = 500;

/** Keeps one process running until stop is called. */
export class Daemon {
  readonly #options: DaemonOptions;
  readonly #abort = new AbortController();
  #child: ChildProcess | undefined;
  #record: ProcessRecord | undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: DaemonOptions) {
    this.#options = options;
  }

  /** Whether the process lives right now. */
  get running(): boolean {
    return this.#record !== undefined && isAlive(this.#record);
  }

  /** Adopts or starts; resolves when there is a process (not when it serves). Rejects where it cannot be started. */
  async start(): Promise<void> {
    const { leftover, marker, graceMs, clock } = this.#options;
    const old = readPidFile(this.#pidFile, marker);
    if (old && leftover === "replace") await endProcess(old, graceMs, clock);
    if (old && leftover === "adopt") this.#loop = this.#keep(old, this.#untilGone(old));
    else {
      const [record, ended] = await this.#spawn();
      this.#loop = this.#keep(record, ended);
    }
  }

  /** Ends the process and waits until it is gone. */
  async stop(): Promise<void> {
    this.#abort.abort();
    // Its exit is waited for below: nothing else may keep this process alive until then.
    this.#child?.ref();
    const { graceMs, clock } = this.#options;
    if (this.#record) await endProcess(this.#record, graceMs, clock);
    await this.#loop;
    rmSync(this.#pidFile, { force: true });
  }

  get #pidFile(): string {
    return join(this.#options.folder, `${this.#options.name}.pid`);
  }

  async #keep(first: ProcessRecord, firstEnd: Promise<void>): Promise<void> {
    const { clock, log, name, folder } = this.#options;
    const { signal } = this.#abort;
    let ended = firstEnd;
    let backoffMs = firstBackoffMs;
    this.#record = first;
    for (;;) {
      const startedAt = clock.now();
      await ended;
      if (signal.aborted) return;
      if (clock.now() - startedAt > healthyMs) backoffMs = firstBackoffMs;
      log(`${name} has ended; it is started again in ${backoffMs} ms (its log: ${join(folder, `${name}.log`)})`);
      await clock.sleep(backoffMs, signal);
      backoffMs = Math.min(maxBackoffMs, backoffMs * 2);
      if (signal.aborted) return;
      try {
        [this.#record, ended] = await this.#spawn();
      } catch (error) {
        log(`${name} cannot be started: ${(error as Error).message}`);
        ended = Promise.resolve();
      }
    }
  }

  async #spawn(): Promise<[ProcessRecord, Promise<void>]> {
    const { command, args, env, folder, name } = this.#options;
    const log = openSync(join(folder, `${name}.log`), "a", 0o600);
    try {
      const child = spawn(command, args, { detached: true, stdio: ["ignore", log, log], env: env ?? process.env });
      const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      await new Promise<void>((resolve, reject) => {
        child.once("spawn", () => resolve());
        child.once("error", reject);
      });
      child.unref();
      this.#child = child;
      const record = recordOf(child.pid ?? 0);
      if (!record) return [{ pid: child.pid ?? 0, startTicks: "" }, Promise.resolve()];
      writePidFile(this.#pidFile, record);
      return [record, ended];
    } finally {
      closeSync(log);
    }
  }

  async #untilGone(record: ProcessRecord): Promise<void> {
    while (isAlive(record) && !this.#abort.signal.aborted) {
      await this.#options.clock.sleep(adoptedPollMs, this.#abort.signal);
    }
  }
}
