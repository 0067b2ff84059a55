/**
 * The cloud, end to end, in an emulator: starts LocalStack, deploys the CDK app, runs the tests of this folder, ends
 * all.
 *
 *   npm run test:localstack                                        everything
 *   npm run test:localstack -- test/localstack/api.test.ts         what Vitest is told
 *   npm run test:localstack -- --serve                             deploys, says how to reach it, and waits for Ctrl-C
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startSts } from "../support/sts.ts";
import { ensureSystemPackages } from "../support/system-packages.ts";
import { deploy } from "./deploy.ts";
import type { Deployment } from "./deployment.ts";
import { type LocalStack, startLocalStack } from "./localstack.ts";
import { adminArn, nodeRoleArn, principals } from "./principals.ts";
import { exitStatus } from "./processes.ts";
import { sweep } from "./sweep.ts";

const root = join(import.meta.dirname, "../..");
const vitestFile = join(root, "node_modules/vitest/vitest.mjs");
const shownComplaints = 30;
const fillMs = 180_000;

/** What a deployment may be made with. */
export interface HarnessOptions {
  /** May put something between the functions and the database: gives the URL that they get. */
  database?(url: string): Promise<string>;
  /** Breaks it off; what was made is removed. */
  readonly signal?: AbortSignal;
}

/** Starts everything, hands the deployment and its file to `use`, and ends everything, whatever happened. */
export async function withDeployment<T>(
  use: (deployment: Deployment, file: string) => Promise<T>,
  options: HarnessOptions = {},
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "coracle-deployment-"));
  const file = join(folder, "deployment.json");
  const ends: (() => Promise<void>)[] = [async () => rmSync(folder, { recursive: true, force: true })];
  try {
    const localstack = await startLocalStack(options);
    ends.push(() => localstack.stop());
    console.log(`LocalStack is up at ${localstack.endpoint}, log ${localstack.logFile ?? "elsewhere"}`);
    const sts = await startSts(principals, Date.now);
    ends.push(() => sts.close());
    ends.push(() => sweep(file));
    try {
      const deployment = await deployed(localstack, sts.url, folder, options);
      writeFileSync(file, JSON.stringify(deployment, null, 2));
      return await use(deployment, file);
    } catch (error) {
      if (localstack.logFile) console.error(complaints(readFileSync(localstack.logFile, "utf8")));
      throw error;
    }
  } finally {
    // Each is tried; the first failure of one is told after the last.
    const failures: unknown[] = [];
    for (const end of ends.reverse()) await end().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) console.error(`not all is removed: ${failures.join("; ")}`);
  }
}

async function deployed(
  localstack: LocalStack,
  sts: string,
  folder: string,
  { database = async (url) => url, signal }: HarnessOptions,
): Promise<Deployment> {
  const reportKey = randomBytes(32).toString("hex");
  const outputs = await deploy(localstack, {
    folder,
    adminArn,
    signal,
    functionEnvironment: {
      NODE_ROLE_ARN: nodeRoleArn,
      // Stands in for what the emulator lacks: it does not say who presigned, nor who sent a message.
      STS_ENDPOINT: sts,
      TRUST_REPORT_SENDER_FIELD: "true",
      REPORT_SENDER_KEY: reportKey,
      ...(localstack.ca === undefined ? {} : { ROOT_CERTIFICATES: localstack.ca }),
      // Each request through LocalStack itself costs tens of milliseconds.
      ...(localstack.database && { AWS_ENDPOINT_URL_DYNAMODB: await database(localstack.database) }),
    },
  });
  const { endpoint, environment, functionLogs } = localstack;
  const caFile = join(folder, "ca.crt");
  writeFileSync(caFile, localstack.ca ?? "");
  await firstAnswer(localstack, outputs.ApiUrl, signal);
  return { endpoint, environment, outputs, caFile, reportKey, sts, functionLogs };
}

/** The first request fills the cluster; the gateway does not wait for the end of that on a busy machine. */
async function firstAnswer({ endpoint }: LocalStack, apiUrl: string, signal?: AbortSignal): Promise<void> {
  const started = performance.now();
  const url = `${endpoint}${new URL(apiUrl).pathname}/readyz`;
  let status = 0;
  while (status !== 200) {
    signal?.throwIfAborted();
    if (performance.now() - started > fillMs) throw new Error(`${url} answers ${status}, and should answer 200`);
    ({ status } = await fetch(url).catch(() => ({ status: 0 })));
    if (status !== 200) await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  console.log(`the cluster answers after ${((performance.now() - started) / 1_000).toFixed(0)} s`);
}

/** What LocalStack's log says that is more than a request. */
function complaints(log: string): string {
  return log
    .split("\n")
    .filter((line) => line !== "" && !line.includes(" INFO "))
    .slice(-shownComplaints)
    .join("\n");
}

async function vitest(file: string, args: readonly string[], signal: AbortSignal): Promise<number> {
  const child = spawn(process.execPath, [vitestFile, "run", "--project", "localstack", ...args], {
    cwd: root,
    env: { ...process.env, CORACLE_DEPLOYMENT: file },
    stdio: "inherit",
  });
  return await exitStatus(child, signal);
}

async function serve(deployment: Deployment, file: string, signal: AbortSignal): Promise<number> {
  console.log(JSON.stringify(deployment, null, 2));
  console.log(`CORACLE_DEPLOYMENT=${file}; Ctrl-C ends it`);
  // A signal's handler alone keeps no process running.
  const stays = setInterval(() => {}, 60_000);
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
  clearInterval(stays);
  return 0;
}

if (import.meta.main) {
  ensureSystemPackages();
  const args = process.argv.slice(2);
  const stopping = new AbortController();
  const { signal } = stopping;
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => stopping.abort(new Error(`broken off by ${name}`)));
  }
  process.exitCode = await withDeployment(
    (deployment, file) => (args.includes("--serve") ? serve(deployment, file, signal) : vitest(file, args, signal)),
    { signal },
  );
}
