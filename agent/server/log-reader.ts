/** Reads a container's log file as `kubectl logs` shows it (upstream: cri-client/pkg/logs). */
import { type FSWatcher, watch } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { parseLogLine } from "./log-line.ts";

/** What of a log is wanted. */
export interface LogOptions {
  readonly follow?: boolean;
  readonly timestamps?: boolean;
  /** The last so many lines; absent: all. */
  readonly tailLines?: number;
  /** Not what was written before, milliseconds since the epoch. */
  readonly since?: number;
  /** No more bytes than this. */
  readonly limitBytes?: number;
  readonly stream?: "stdout" | "stderr";
}

const chunkBytes = 64 * 1024;
const newline = 0x0a;
/** A followed file is looked at after so long even if nobody tells of a change. */
const followPollMs = 1000;

/**
 * The log's bytes in chunks. Following ends when the container has ended (`running` says so) or the signal aborts; a
 * rotated file is followed into its successor. Rejects with ENOENT where there is no log.
 */
export async function* readLog(
  path: string,
  options: LogOptions,
  running: () => Promise<boolean>,
  signal: AbortSignal,
): AsyncIterable<Buffer> {
  let file = await open(path, "r");
  const changes = options.follow ? new Changes(dirname(path), signal) : undefined;
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  try {
    let position = await startOf(file, options.tailLines);
    let rest: Buffer = Buffer.alloc(0);
    for (;;) {
      const read = await readChunk(file, position);
      if (read.length > 0) {
        position += read.length;
        const { text, remainder } = linesOf(rest.length === 0 ? read : Buffer.concat([rest, read]), options);
        rest = remainder;
        const part = text.subarray(0, left);
        left -= part.length;
        if (part.length > 0) yield part;
        if (left <= 0 || signal.aborted) return;
        continue;
      }
      if (changes === undefined || signal.aborted) return;
      const next = await successor(path, file);
      if (next !== undefined) {
        await file.close();
        file = next;
        position = 0;
        rest = Buffer.alloc(0);
        continue;
      }
      const alive = await running();
      // What was written between the last read and the container's end is still to be read.
      if (!alive && (await readChunk(file, position)).length === 0) return;
      if (alive) await changes.next(followPollMs);
    }
  } finally {
    changes?.close();
    await file.close();
  }
}

async function readChunk(file: FileHandle, position: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(chunkBytes);
  const { bytesRead } = await file.read(buffer, 0, chunkBytes, position);
  return buffer.subarray(0, bytesRead);
}

async function successor(path: string, file: FileHandle): Promise<FileHandle | undefined> {
  const now = await stat(path).catch(() => undefined);
  if (now === undefined || now.ino === (await file.stat()).ino) return undefined;
  return open(path, "r").catch(() => undefined);
}

/** Where the last `lines` lines begin. */
async function startOf(file: FileHandle, lines: number | undefined): Promise<number> {
  if (lines === undefined) return 0;
  const { size } = await file.stat();
  if (lines === 0) return size;
  let found = 0;
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - chunkBytes);
    const buffer = Buffer.allocUnsafe(end - start);
    await file.read(buffer, 0, end - start, start);
    for (let at = buffer.length - 1; at >= 0; at--) {
      // The newline that ends the file begins no line.
      if (buffer[at] !== newline || start + at === size - 1) continue;
      found++;
      if (found === lines) return start + at + 1;
    }
    end = start;
  }
  return 0;
}

function linesOf(bytes: Buffer, options: LogOptions): { text: Buffer; remainder: Buffer } {
  const parts: Buffer[] = [];
  let at = 0;
  for (let end = bytes.indexOf(newline, at); end >= 0; end = bytes.indexOf(newline, at)) {
    const line = parseLogLine(bytes.subarray(at, end));
    at = end + 1;
    if (line === undefined) continue;
    if (options.stream !== undefined && line.stream !== options.stream) continue;
    if (options.since !== undefined && Date.parse(line.time) < options.since) continue;
    if (options.timestamps) parts.push(Buffer.from(`${line.time} `));
    parts.push(line.content);
    if (!line.partial) parts.push(Buffer.from("\n"));
  }
  return { text: Buffer.concat(parts), remainder: Buffer.from(bytes.subarray(at)) };
}

/** Tells when something in a folder has changed. */
class Changes {
  readonly #watcher: FSWatcher;
  readonly #signal: AbortSignal;
  #changed = false;
  #wake: (() => void) | undefined;

  constructor(folder: string, signal: AbortSignal) {
    this.#signal = signal;
    this.#watcher = watch(folder, () => {
      this.#changed = true;
      this.#wake?.();
    });
    this.#watcher.on("error", () => {});
  }

  /** Resolves at the next change since the last call, or after the time. */
  async next(ms: number): Promise<void> {
    if (!this.#changed && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        const done = () => {
          clearTimeout(timer);
          resolve();
        };
        this.#wake = done;
        this.#signal.addEventListener("abort", done, { once: true });
      });
      this.#wake = undefined;
    }
    this.#changed = false;
  }

  close(): void {
    this.#watcher.close();
  }
}
