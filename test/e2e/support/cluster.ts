/** A cluster of a test's own, started as a user starts it: `coracle up`, and the real kubectl against it. */
import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { nodeLayout } from "../../../agent/runtime/containerd/prepare.ts";
import { importImage } from "../../../agent/runtime/image/import.ts";
import type { OciImage } from "../../../agent/runtime/image/oci-image.ts";
import { findKubectl } from "../../../lib/local/kubectl.ts";

const root = join(import.meta.dirname, "../../..");
/** The command line. */
export const coracle = join(root, "bin/coracle.ts");
const tools = join(root, "node_modules/.cache/kubectl");

/** What a command said, and its exit code. */
export interface Output {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** It serves. */
export interface TestCluster {
  readonly dataDir: string;
  readonly kubeconfig: string;
  /** `https://127.0.0.1:PORT`. */
  readonly server: string;
  /** What `coracle up` printed so far. */
  log(): string;
  /** Runs kubectl; the last argument may be its standard input. Never throws for a status other than 0. */
  run(args: readonly string[], input?: string): Promise<Output>;
  /** Runs kubectl and returns what it printed. Throws where it fails. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** `kubectl get -o json`, parsed. Throws where it fails. */
  get<T>(...args: string[]): Promise<T>;
  /** A kubectl that goes on, such as `logs -f`. */
  follow(...args: string[]): ChildProcess;
  /** Puts an image into the node's containerd. */
  importImage(image: OciImage, name: string): Promise<void>;
  /** Ends `coracle up` with a signal; resolves once it has ended. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  /** Starts it again on the same port and folder. */
  start(): Promise<void>;
  /** Ends it, and removes everything it made. */
  remove(): Promise<void>;
}

/** Starts `coracle up` on a free port in a folder of its own; `flags` as its user types them. */
export async function startCluster(...flags: string[]): Promise<TestCluster> {
  const dataDir = mkdtempSync(join(tmpdir(), "coracle-e2e-"));
  const logFile = join(dataDir, "up.log");
  const command = findKubectl(tools, (line) => console.log(line));
  let process_: ChildProcess | undefined;
  let server = "";
  let kubeconfig = "";
  const log = () => readFileSync(logFile, "utf8");
  const start = async () => {
    const port = server === "" ? "0" : new URL(server).port;
    const args = [coracle, "up", "--data-dir", dataDir, "--port", port, ...flags];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    process_ = child;
    child.stderr.on("data", (chunk) => appendFileSync(logFile, chunk));
    [server, kubeconfig] = await readyLine(child, (line) => appendFileSync(logFile, `${line}\n`), log);
  };
  const end = async (signal: NodeJS.Signals) => {
    const child = process_;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    child.kill(signal);
    return await ended;
  };
  const run = (args: readonly string[], input?: string) =>
    output(command, ["--kubeconfig", kubeconfig, ...args], input);
  const kubectl = async (args: readonly string[], input?: string) => {
    const { status, stdout, stderr } = await run(args, input);
    if (status !== 0) throw new Error(`kubectl ${args.join(" ")}: ${stderr}${stdout}`);
    return stdout;
  };
  await start();
  return {
    dataDir,
    get kubeconfig() {
      return kubeconfig;
    },
    get server() {
      return server;
    },
    log,
    run,
    kubectl,
    get: async (...args) => JSON.parse(await kubectl(["get", ...args, "-o", "json"])),
    follow: (...args) => spawn(command, ["--kubeconfig", kubeconfig, ...args], { stdio: ["ignore", "pipe", "pipe"] }),
    importImage: (image, name) => importImage(nodeLayout(join(dataDir, "node")).socket, image, name),
    end,
    start,
    remove: async () => {
      await end("SIGTERM");
      const { status, stderr } = await output(process.execPath, [coracle, "down", "--data-dir", dataDir]);
      if (status !== 0) throw new Error(`coracle down: ${stderr}`);
    },
  };
}

/** Resolves with the server's URL and the kubeconfig's path once they are printed. */
async function readyLine(child: ChildProcess, keep: (line: string) => void, log: () => string): Promise<string[]> {
  if (!child.stdout) throw new Error("coracle up has no standard output");
  const lines = createInterface({ input: child.stdout });
  return await new Promise((resolve, reject) => {
    lines.on("line", (line) => {
      keep(line);
      const match = /^ready (\S+) kubeconfig=(.+)$/.exec(line);
      if (match) resolve([match[1], match[2]]);
    });
    lines.on("close", () => reject(new Error(`coracle up ended before it was ready: ${log()}`)));
  });
}

/** Runs a command to its end. */
export async function output(
  command: string,
  args: readonly string[],
  input = "",
  env: NodeJS.ProcessEnv = process.env,
): Promise<Output> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  child.stdin.end(input);
  const status = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
  return { status, stdout, stderr };
}

/**
 * Asks until there is an answer other than undefined or false; an error counts as none. Throws after `limitMs`, with the
 * last error, so that a test waits for a condition and not for a time.
 */
export async function until<T>(what: string, ask: () => Promise<T | undefined | false>, limitMs = 60_000): Promise<T> {
  const deadline = performance.now() + limitMs;
  let last: unknown;
  for (;;) {
    try {
      const found = await ask();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw new Error(`waited ${limitMs / 1_000} s for ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
