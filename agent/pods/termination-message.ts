/** What an ended container left as its last words (upstream: kuberuntime.getTerminationMessage). */
import { open } from "node:fs/promises";
import { parseLogLine } from "../server/log-line.ts";
import type { PodFolders } from "./folders.ts";
import type { RuntimeContainer } from "./runtime-pod.ts";

const maxBytes = 4096;
const maxLogBytes = 2048;
const maxLogLines = 80;

/** The text; "" where there is none. */
export async function terminationMessage(
  uid: string,
  container: RuntimeContainer,
  folders: PodFolders,
): Promise<string> {
  const path = folders.terminationMessage(uid, container.name, container.restartCount);
  const text = await tail(path, maxBytes, true);
  if (text !== "" || container.terminationMessagePolicy !== "FallbackToLogsOnError") return text;
  if (container.exitCode === 0 || container.logPath === "") return "";
  const raw = await tail(container.logPath, maxLogBytes * 4, false);
  const lines = raw.split("\n").slice(-maxLogLines - 1);
  const words = lines.map((line) => parseLogLine(Buffer.from(line))).filter((line) => line !== undefined);
  return Buffer.concat(
    words.map(({ content, partial }) => (partial ? content : Buffer.concat([content, Buffer.from("\n")]))),
  )
    .subarray(-maxLogBytes)
    .toString();
}

async function tail(path: string, bytes: number, fromStart: boolean): Promise<string> {
  const file = await open(path, "r").catch(() => undefined);
  if (file === undefined) return "";
  try {
    const { size } = await file.stat();
    const length = Math.min(size, bytes);
    const buffer = Buffer.alloc(length);
    await file.read(buffer, 0, length, fromStart ? 0 : size - length);
    return buffer.toString();
  } finally {
    await file.close();
  }
}
