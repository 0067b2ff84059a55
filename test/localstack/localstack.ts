/**
 * LocalStack for tests, by this folder's installation, or a running one that AWS_ENDPOINT_URL names.
 *
 *   node test/localstack/localstack.ts install | start | stop
 *
 * `start` prints what a shell needs to reach it, and leaves it running until `stop`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPki } from "../../lib/local/pki.ts";
import { freePort } from "../support/free-port.ts";
import { cacheFolder, type Installation, installLocalStack } from "./install.ts";

const startMs = 120_000;
const stopMs = 15_000;

/** A running LocalStack. */
export interface LocalStack {
  /** `http://localhost:PORT`; HTTPS answers on the same port. */
  readonly endpoint: string;
  /** What AWS' clients and the CDK read to reach it. */
  readonly environment: Readonly<Record<string, string>>;
  /** The certificate of who signed the server's, in PEM; undefined where it was running already. */
  readonly ca?: string;
  /** The database behind it, which answers ten times faster than through it; undefined where it was running already. */
  readonly database?: string;
  /** Where it keeps everything; undefined where it was running already, as are the next three. */
  readonly folder?: string;
  readonly logFile?: string;
  /** The functions' logs, and `invocations.jsonl`, a line each. */
  readonly functionLogs?: string;
  readonly pid?: number;
  /** Ends it, and removes what it kept. One that was running already is left alone. */
  stop(): Promise<void>;
}

/** Starts one on a free port in a folder of its own. Throws with the end of its log where it does not come up. */
export async function startLocalStack(options: { detached?: boolean } = {}): Promise<LocalStack> {
  const running = process.env.AWS_ENDPOINT_URL;
  if (running) {
    await answers(running, () => undefined);
    return { endpoint: running, environment: environmentOf(running), stop: async () => {} };
  }
  const installation = installLocalStack();
  const folder = mkdtempSync(join(tmpdir(), "coracle-localstack-"));
  const [port, dynamodbPort] = [await freePort(), await freePort()];
  const logFile = join(folder, "log.txt");
  const functionLogs = join(folder, "functions");
  for (const name of [functionLogs, join(folder, "tmp")]) mkdirSync(name);
  const { ca, server } = openPki(folder, { serviceAddress: "127.0.0.1" });
  writeFileSync(join(folder, "server.pem"), `${server.key}\n${server.certificate}`);
  const log = openSync(logFile, "a");
  const child = spawn(installation.python, ["-m", "localstack.runtime.main"], {
    cwd: folder,
    env: { ...process.env, ...settings(installation, { folder, port, dynamodbPort, functionLogs }) },
    stdio: ["ignore", log, log],
    detached: options.detached ?? false,
  });
  const endpoint = `http://localhost:${port}`;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const failure = () => {
    if (child.exitCode === null && child.signalCode === null) return undefined;
    return `it ended with ${child.exitCode ?? child.signalCode}: ${readFileSync(logFile, "utf8").slice(-3_000)}`;
  };
  try {
    await answers(endpoint, failure);
  } catch (error) {
    child.kill("SIGKILL");
    throw new Error(`LocalStack does not come up, see ${logFile}: ${(error as Error).message}`);
  }
  if (options.detached) child.unref();
  return {
    endpoint,
    environment: environmentOf(endpoint),
    ca,
    database: `http://127.0.0.1:${dynamodbPort}`,
    folder,
    logFile,
    functionLogs,
    pid: child.pid,
    stop: async () => {
      await end(child, ended);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** LocalStack's own settings, and the plugin's (executor/coracle_localstack/settings.py). */
function settings(
  { python, runtimeClient, jars }: Installation,
  own: { folder: string; port: number; dynamodbPort: number; functionLogs: string },
): Record<string, string> {
  const { folder, port, dynamodbPort, functionLogs } = own;
  return {
    PATH: `${join(python, "..")}:${process.env.PATH}`,
    GATEWAY_LISTEN: `127.0.0.1:${port}`,
    LOCALSTACK_HOST: `localhost:${port}`,
    OVERRIDE_IN_DOCKER: "0",
    FILESYSTEM_ROOT: join(folder, "root"),
    TMPDIR: join(folder, "tmp"),
    // Nothing of this machine is told or asked for outside of it.
    DISABLE_EVENTS: "1",
    SKIP_SSL_CERT_DOWNLOAD: "1",
    DNS_ADDRESS: "0",
    PROVIDER_OVERRIDE_DYNAMODB: "v2",
    PROVIDER_OVERRIDE_DYNAMODBSTREAMS: "v2",
    DYNAMODB_IN_MEMORY: "1",
    // One database whatever key or region a client has, so that clients may also ask it directly.
    DYNAMODB_SHARE_DB: "1",
    DYNAMODB_LOCAL_PORT: String(dynamodbPort),
    SQS_ENDPOINT_STRATEGY: "path",
    LAMBDA_RUNTIME_EXECUTOR: "coracle",
    LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT: "60",
    LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC: "0.1",
    LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC: "0.2",
    LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_ERROR_SEC: "2",
    CUSTOM_SSL_CERT_PATH: join(folder, "server.pem"),
    CORACLE_RUNTIME_CLIENT: runtimeClient,
    CORACLE_NODE: process.execPath,
    CORACLE_DYNAMODB_JARS: jars,
    CORACLE_FUNCTION_LOGS: functionLogs,
  };
}

function environmentOf(endpoint: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_REGION: "us-east-1",
    AWS_DEFAULT_REGION: "us-east-1",
  };
}

async function answers(endpoint: string, failure: () => string | undefined): Promise<void> {
  for (const deadline = performance.now() + startMs; ; ) {
    const response = await fetch(`${endpoint}/_localstack/health`).catch(() => undefined);
    if (response?.ok) return;
    const reason = failure() ?? (performance.now() > deadline ? `${endpoint} does not answer` : undefined);
    if (reason !== undefined) throw new Error(reason);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), stopMs);
  await ended;
  clearTimeout(late);
}

async function main(command: string | undefined): Promise<number> {
  const pidFile = join(cacheFolder(), "pid");
  if (command === "install") {
    installLocalStack();
    return 0;
  }
  if (command === "start") {
    const { environment, logFile, folder, pid } = await startLocalStack({ detached: true });
    if (pid !== undefined) writeFileSync(pidFile, JSON.stringify({ pid, folder }));
    console.log(
      Object.entries(environment)
        .map(([name, value]) => `export ${name}=${value}`)
        .join("\n"),
    );
    console.log(`# LocalStack is up${logFile === undefined ? "" : `, pid ${pid}, log ${logFile}`}`);
    return 0;
  }
  if (command === "stop" && existsSync(pidFile)) {
    const { pid, folder } = JSON.parse(readFileSync(pidFile, "utf8"));
    process.kill(pid, "SIGTERM");
    for (const path of [folder, pidFile]) rmSync(path, { recursive: true, force: true });
    return 0;
  }
  console.error(command === "stop" ? "none was started" : "localstack.ts install | start | stop");
  return 2;
}

if (import.meta.main) process.exitCode = await main(process.argv[2]);
