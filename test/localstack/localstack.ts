/**
 * LocalStack for tests, by this folder's installation, or a running one that AWS_ENDPOINT_URL names.
 *
 *   node test/localstack/localstack.ts install | start | stop
 *
 * `start` prints what a shell needs to reach it, and leaves it running until `stop`.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { openPki } from "../../lib/local/pki.ts";
import { freePort } from "../support/free-port.ts";
import { cacheFolder, type Installation, installLocalStack } from "./install.ts";
import { endProcesses, processesWith } from "./processes.ts";

const startMs = 120_000;

/** A running LocalStack. */
export interface LocalStack {
  /** `http://localhost:PORT`; HTTPS answers on the same port. */
  readonly endpoint: string;
  /** What AWS' clients and the CDK read to reach it. */
  readonly environment: Readonly<Record<string, string>>;
  /** The certificate of who signed the server's, in PEM; undefined where the system trusts that. */
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

/** How it is started. */
export interface StartOptions {
  /** It goes on when this process ends. */
  readonly stays?: boolean;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

/** Starts one on a free port in a folder of its own. Throws with the end of its log where it does not come up. */
export async function startLocalStack({ stays = false, signal }: StartOptions = {}): Promise<LocalStack> {
  const running = process.env.AWS_ENDPOINT_URL;
  if (running) {
    await answers(running, () => (signal?.aborted ? "not waited for any longer" : undefined));
    const ca = await certificateOf(running);
    return { endpoint: running, environment: environmentOf(running), ...(ca ? { ca } : {}), stop: async () => {} };
  }
  const installation = installLocalStack();
  const folder = mkdtempSync(join(tmpdir(), "coracle-localstack-"));
  const [port, dynamodbPort] = [await freePort(), await freePort()];
  const logFile = join(folder, "log.txt");
  const functionLogs = join(folder, "functions");
  for (const name of [functionLogs, join(folder, "tmp")]) mkdirSync(name);
  const { ca, server } = openPki(folder, { serviceAddress: "127.0.0.1" });
  // With its authority, so that whoever only has the address can learn it, see certificateOf.
  writeFileSync(join(folder, "server.pem"), [server.key, server.certificate, ca].join("\n"));
  const log = openSync(logFile, "a");
  const child = spawn(installation.python, ["-m", "localstack.runtime.main"], {
    cwd: folder,
    env: { ...process.env, ...settings(installation, { folder, port, dynamodbPort, functionLogs }) },
    stdio: ["ignore", log, log],
    // In a group of its own: Ctrl-C must not end it before those that use it.
    detached: true,
  });
  const endpoint = `http://localhost:${port}`;
  const failure = () => {
    if (signal?.aborted) return "not waited for any longer";
    if (child.exitCode === null && child.signalCode === null) return undefined;
    return `it ended with ${child.exitCode ?? child.signalCode}`;
  };
  try {
    await answers(endpoint, failure);
  } catch (error) {
    await end(functionLogs);
    const last = readFileSync(logFile, "utf8").slice(-3_000);
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`LocalStack does not come up: ${(error as Error).message}\n${last}`);
  }
  if (stays) child.unref();
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
      await end(functionLogs);
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

/** Ends LocalStack and what it has started but for functions, which end with it. */
function end(functionLogs: string): Promise<void> {
  return endProcesses(() => processesWith(`CORACLE_FUNCTION_LOGS=${functionLogs}`));
}

/** The certificate that a running server's chain ends with; undefined where the system trusts it. */
async function certificateOf(endpoint: string): Promise<string | undefined> {
  const { hostname, port } = new URL(endpoint);
  const socket = connect({
    host: hostname,
    port: Number(port || 443),
    servername: hostname,
    rejectUnauthorized: false,
  });
  try {
    await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
    if (socket.authorized) return undefined;
    let last = socket.getPeerCertificate(true);
    while (last.issuerCertificate && last.issuerCertificate !== last) last = last.issuerCertificate;
    return `-----BEGIN CERTIFICATE-----\n${last.raw.toString("base64")}\n-----END CERTIFICATE-----\n`;
  } finally {
    socket.destroy();
  }
}

async function main(command: string | undefined): Promise<number> {
  const pidFile = join(cacheFolder(), "running.json");
  if (command === "install") {
    installLocalStack();
    return 0;
  }
  if (command === "start") {
    const { environment, logFile, functionLogs, folder, pid } = await startLocalStack({ stays: true });
    if (pid !== undefined) writeFileSync(pidFile, JSON.stringify({ functionLogs, folder }));
    console.log(
      Object.entries(environment)
        .map(([name, value]) => `export ${name}=${value}`)
        .join("\n"),
    );
    console.log(`# LocalStack is up${logFile === undefined ? "" : `, pid ${pid}, log ${logFile}`}`);
    return 0;
  }
  if (command === "stop" && existsSync(pidFile)) {
    const { functionLogs, folder } = JSON.parse(readFileSync(pidFile, "utf8"));
    await end(functionLogs);
    for (const path of [folder, pidFile]) rmSync(path, { recursive: true, force: true });
    return 0;
  }
  console.error(command === "stop" ? "none was started" : "localstack.ts install | start | stop");
  return 2;
}

if (import.meta.main) process.exitCode = await main(process.argv[2]);
