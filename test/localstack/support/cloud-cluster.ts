/** The deployed cluster as its users reach it: the real kubectl, with tokens of IAM's principals. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { clusterIdOf } from "../../../lib/apimachinery/cluster-id.ts";
import { stsTokens } from "../../../lib/aws/sts-token.ts";
import { findKubectl } from "../../../lib/local/kubectl.ts";
import { coracle, type Output, output } from "../../e2e/support/cluster.ts";
import type { Principal } from "../../support/sts.ts";
import { type Deployment, readDeployment } from "../deployment.ts";
import { cacheFolder } from "../install.ts";
import { admin } from "../principals.ts";

const tools = join(import.meta.dirname, "../../../node_modules/.cache/kubectl");

/** It is deployed. */
export interface CloudCluster {
  readonly deployment: Deployment;
  /** `https://localhost:PORT/_aws/execute-api/ID/STAGE` */
  readonly url: string;
  /** The file of the kubectl that was found. */
  readonly command: string;
  /** What `coracle kubeconfig` wrote: each call asks the AWS CLI for a token. */
  readonly kubeconfig: string;
  /** What the AWS CLI needs to sign as somebody, and to find the stand-in for STS. */
  environmentOf(principal: Principal): NodeJS.ProcessEnv;
  /** A bearer token of somebody. */
  token(principal: Principal, clusterId?: string): Promise<string>;
  /** Runs kubectl as the admin, with one token for all calls. Never throws for a status other than 0. */
  run(args: readonly string[], input?: string): Promise<Output>;
  /** The same; returns what it printed. Throws where it fails. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** `kubectl get -o json`, parsed. Throws where it fails. */
  get<T>(...args: string[]): Promise<T>;
  /** `kubectl apply` of objects. Throws where it fails. */
  apply(...objects: object[]): Promise<void>;
  /** A kubectl that goes on, such as `get -w`. */
  follow(...args: string[]): Promise<ChildProcess>;
  /** The admin's configuration for `@kubernetes/client-node`. */
  clientConfig(): Promise<KubeConfig>;
  close(): void;
}

/** Finds the deployment that `run.ts` has made, and gets its kubeconfig as a user does. */
export async function openCluster(): Promise<CloudCluster> {
  const deployment = readDeployment();
  const folder = mkdtempSync(join(dirname(process.env.CORACLE_DEPLOYMENT ?? ""), "cluster-"));
  const kubeconfig = join(folder, "kubeconfig");
  const command = findKubectl(tools, (line) => console.log(line));
  const url = deployment.outputs.ApiUrl;
  const environmentOf = ({ accessKeyId, secretAccessKey }: Principal) => ({
    ...process.env,
    // The AWS CLI comes with LocalStack.
    PATH: [process.env.PATH, join(cacheFolder(), "python/bin")].join(delimiter),
    ...deployment.environment,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_ENDPOINT_URL_STS: deployment.sts,
  });
  const tokensOf = ({ accessKeyId, secretAccessKey }: Principal, clusterId: string) =>
    stsTokens({
      clusterId,
      region: "us-east-1",
      endpoint: deployment.sts,
      credentials: { accessKeyId, secretAccessKey },
    });
  const own = tokensOf(admin, clusterIdOf(url));
  const flags = ["--kubeconfig", "/dev/null", "--server", url, "--certificate-authority", deployment.caFile];
  const asAdmin = async (args: readonly string[]) => [...flags, "--token", await own.token(), ...args];
  const run = async (args: readonly string[], input?: string) => output(command, await asAdmin(args), input);
  const kubectl = async (args: readonly string[], input?: string) => {
    const { status, stdout, stderr } = await run(args, input);
    if (status !== 0) throw new Error(`kubectl ${args.join(" ")}: ${stderr}${stdout}`);
    return stdout;
  };
  await writeKubeconfig(kubeconfig, environmentOf(admin));
  return {
    deployment,
    url,
    command,
    kubeconfig,
    environmentOf,
    token: (principal, clusterId = clusterIdOf(url)) => tokensOf(principal, clusterId).token(),
    run,
    kubectl,
    get: async (...args) => JSON.parse(await kubectl(["get", ...args, "-o", "json"])),
    apply: async (...items) => {
      await kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
    },
    follow: async (...args) => spawn(command, await asAdmin(args), { stdio: ["ignore", "pipe", "pipe"] }),
    clientConfig: async () => {
      const config = new KubeConfig();
      config.loadFromClusterAndUser(
        {
          name: "cloud",
          server: url,
          caData: readFileSync(deployment.caFile).toString("base64"),
          skipTLSVerify: false,
        },
        { name: "admin", token: await own.token() },
      );
      return config;
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** `coracle kubeconfig`, which asks CloudFormation. */
async function writeKubeconfig(file: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const { status, stderr } = await output(process.execPath, [coracle, "kubeconfig", "--output", file], "", environment);
  if (status !== 0) throw new Error(`coracle kubeconfig: ${stderr}`);
}
