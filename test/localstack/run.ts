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

const root = join(import.meta.dirname, "../..");
const vitestFile = join(root, "node_modules/vitest/vitest.mjs");
const shownComplaints = 30;
const fillMs = 180_000;

/**
 * Starts everything, hands the deployment and its file to `use`, and ends everything, whatever happened. `database` may
 * put something between the functions and the database: it gives the URL that they get.
 */
export async function withDeployment<T>(
  use: (deployment: Deployment, file: string) => Promise<T>,
  { database = async (url: string) => url } = {},
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "coracle-deployment-"));
  const localstack = await startLocalStack();
  console.log(`LocalStack is up at ${localstack.endpoint}, log ${localstack.logFile ?? "elsewhere"}`);
  const reportKey = randomBytes(32).toString("hex");
  const sts = await startSts(principals, Date.now);
  try {
    const outputs = await deploy(localstack, {
      folder,
      adminArn,
      functionEnvironment: {
        NODE_ROLE_ARN: nodeRoleArn,
        // Stands in for what the emulator lacks: it does not say who presigned, nor who sent a message.
        STS_ENDPOINT: sts.url,
        TRUST_REPORT_SENDER_FIELD: "true",
        REPORT_SENDER_KEY: reportKey,
        ...(localstack.ca === undefined ? {} : { ROOT_CERTIFICATES: localstack.ca }),
        // Each request through LocalStack itself costs tens of milliseconds.
        ...(localstack.database && { AWS_ENDPOINT_URL_DYNAMODB: await database(localstack.database) }),
      },
    });
    const caFile = join(folder, "ca.crt");
    writeFileSync(caFile, localstack.ca ?? "");
    const deployment: Deployment = {
      endpoint: localstack.endpoint,
      environment: localstack.environment,
      outputs,
      caFile,
      reportKey,
      sts: sts.url,
      functionLogs: localstack.functionLogs,
    };
    await firstAnswer(localstack, outputs.ApiUrl);
    const file = join(folder, "deployment.json");
    writeFileSync(file, JSON.stringify(deployment, null, 2));
    return await use(deployment, file);
  } catch (error) {
    if (localstack.logFile) console.error(complaints(readFileSync(localstack.logFile, "utf8")));
    throw error;
  } finally {
    await localstack.stop();
    await sts.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The first request fills the cluster; the gateway does not wait for the end of that on a busy machine. */
async function firstAnswer({ endpoint }: LocalStack, apiUrl: string): Promise<void> {
  const started = performance.now();
  const url = `${endpoint}${new URL(apiUrl).pathname}/readyz`;
  let status = 0;
  while (status !== 200) {
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

async function vitest(file: string, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [vitestFile, "run", "--project", "localstack", ...args], {
    cwd: root,
    env: { ...process.env, CORACLE_DEPLOYMENT: file },
    stdio: "inherit",
  });
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

async function serve(deployment: Deployment, file: string): Promise<number> {
  console.log(JSON.stringify(deployment, null, 2));
  console.log(`CORACLE_DEPLOYMENT=${file}; Ctrl-C ends it`);
  await new Promise((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  return 0;
}

if (import.meta.main) {
  ensureSystemPackages();
  const args = process.argv.slice(2);
  // The first Ctrl-C ends the tests, which leads to the end of the rest.
  process.on("SIGINT", () => {});
  process.exitCode = await withDeployment((deployment, file) =>
    args.includes("--serve") ? serve(deployment, file) : vitest(file, args),
  );
}
