/** Deploys the project's own CDK app into an emulator, as `npx cdk deploy` does into AWS. */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { LocalStack } from "./localstack.ts";
import { exitStatus } from "./processes.ts";

const root = join(import.meta.dirname, "../..");
/** The stacks that an emulator runs; the worker group needs machines, and the tests' nodes are this one. */
const stacks = ["CoracleState", "CoracleControlPlane"];

/** What the stacks say of themselves; see lib/cdk/control-plane-stack.ts. */
export type StackOutputs = Readonly<Record<string, string>>;

/** What the deployment is told beyond what every emulator needs. */
export interface DeployOptions {
  /** For the CDK's state and outputs. */
  readonly folder: string;
  readonly adminArn: string;
  /** More variables of all functions. */
  readonly functionEnvironment: Readonly<Record<string, string>>;
  /** Breaks it off. */
  readonly signal?: AbortSignal;
}

/** Bootstraps and deploys; what the CDK says goes to standard output. Throws where it fails. */
export async function deploy(localstack: LocalStack, options: DeployOptions): Promise<StackOutputs> {
  const outputsFile = join(options.folder, "outputs.json");
  const home = join(options.folder, "cdk");
  mkdirSync(home, { recursive: true });
  const context = {
    emulator: "true",
    // The functions' own view of where the API is: kubectl sends no credentials over HTTP.
    endpoint: localstack.endpoint.replace(/^http:/, "https:"),
    adminArn: options.adminArn,
    functionEnvironment: JSON.stringify(options.functionEnvironment),
  };
  const flags = [
    ...Object.entries(context).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ...["--output", join(options.folder, "cdk.out"), "--outputs-file", outputsFile],
    ...["--require-approval", "never", "--progress", "events"],
  ];
  const environment = {
    ...localstack.environment,
    // The app is TypeScript: the node that runs this runs it.
    PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
    // The CLI keeps account numbers by access key in its home: not in the user's.
    CDK_HOME: home,
  };
  // In a folder without an app: nothing needs to be synthesized for it.
  await cdk(["bootstrap", "aws://000000000000/us-east-1"], { cwd: home, environment, signal: options.signal });
  await cdk(["deploy", ...stacks, ...flags], { cwd: root, environment, signal: options.signal });
  const outputs: Record<string, StackOutputs> = JSON.parse(readFileSync(outputsFile, "utf8"));
  return Object.assign({}, ...Object.values(outputs));
}

interface CdkOptions {
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
}

async function cdk(args: readonly string[], { cwd, environment, signal }: CdkOptions): Promise<void> {
  console.log(`$ cdk ${args.slice(0, 3).join(" ")} …`);
  const started = performance.now();
  const child = spawn(process.execPath, [join(root, "node_modules/aws-cdk/bin/cdk"), ...args, "--ci", "--no-notices"], {
    cwd,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const status = await exitStatus(child, signal);
  if (status !== 0) throw new Error(`cdk ${args[0]} failed with ${status}`);
  console.log(`cdk ${args[0]}: ${((performance.now() - started) / 1_000).toFixed(0)} s`);
}
