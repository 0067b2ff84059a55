/** `coracle kubeconfig`: how kubectl reaches a cluster that was deployed to AWS. */
import { clusterIdOf } from "../lib/apimachinery/cluster-id.ts";
import { configuredRegion, NoSuchStack, stackOutputs } from "../lib/aws/cloudformation/stack-outputs.ts";
import { writeKubeconfig } from "../lib/local/kubeconfig.ts";
import { UserError } from "../lib/local/user-error.ts";
import { type Flag, flagsHelp, parseFlags } from "./flags.ts";

const flags: readonly Flag[] = [
  { name: "stack", value: "NAME", help: "the control plane's CloudFormation stack", fallback: "CoracleControlPlane" },
  { name: "region", value: "REGION", help: "where it is", fallback: "as the AWS CLI has it" },
  { name: "cluster", value: "NAME", help: "which of its clusters", fallback: "default" },
  { name: "output", value: "FILE", help: "where to write it", fallback: ".coracle/aws.kubeconfig" },
  { name: "help", help: "this text" },
];

/** What a deployment says of itself. */
export type Outputs = Readonly<Record<string, string>>;

/** Where a cluster of a deployment is. Throws UserError where there is none of that name. */
export function serverUrlOf({ ApiUrl, ClusterName = "default" }: Outputs, cluster: string): string {
  if (!ApiUrl) throw new UserError("the stack has no output ApiUrl", "give the control plane's stack: --stack NAME");
  const names = ClusterName.split(",").map((name) => name.trim());
  if (!names.includes(cluster)) {
    throw new UserError(`the deployment has no cluster ${JSON.stringify(cluster)}`, `it has: ${names.join(", ")}`);
  }
  const url = ApiUrl.replace(/\/+$/, "");
  return cluster === "default" ? url : `${url}/clusters/${cluster}`;
}

/** Runs it; the exit code. Throws UserError. */
export async function runKubeconfig(argv: readonly string[]): Promise<number> {
  const given = parseFlags("kubeconfig", flags, argv);
  if (given.help) {
    console.log(`coracle kubeconfig: writes a kubeconfig for a cluster in AWS. kubectl then gets its tokens from the
AWS CLI (aws eks get-token), with the credentials that you have.\n\n${flagsHelp(flags)}`);
    return 0;
  }
  const text = (name: string, fallback: string) => (given[name] as string | undefined) ?? fallback;
  const region = (given.region as string | undefined) ?? (await foundRegion());
  const cluster = text("cluster", "default");
  const file = text("output", ".coracle/aws.kubeconfig");
  const outputs = await outputsOf(text("stack", "CoracleControlPlane"), region);
  const server = serverUrlOf(outputs, cluster);
  const args = ["--region", region, "eks", "get-token", "--cluster-name", clusterIdOf(server), "--output", "json"];
  const options = { server, cluster: `coracle-${cluster}`, user: "aws", credential: { command: "aws", args } };
  writeKubeconfig(file, options, "--output");
  console.log(`wrote ${file}; try:\n  export KUBECONFIG=${file}\n  kubectl get nodes`);
  return 0;
}

async function foundRegion(): Promise<string> {
  try {
    return await configuredRegion();
  } catch {
    throw new UserError("the AWS region is not known", "give it: --region REGION, or set AWS_REGION");
  }
}

async function outputsOf(stack: string, region: string): Promise<Outputs> {
  try {
    return await stackOutputs(stack, { region });
  } catch (error) {
    if (error instanceof NoSuchStack) {
      const where = `there is no stack ${stack} in ${region}`;
      throw new UserError(where, "deploy it: npx cdk deploy --all; or name another: --stack NAME, --region REGION");
    }
    const { name, message } = error as Error;
    const advice =
      name === "CredentialsProviderError"
        ? "give AWS credentials, as for the AWS CLI: aws configure, aws sso login or AWS_PROFILE"
        : "see that the credentials may call cloudformation:DescribeStacks";
    throw new UserError(`the stack ${stack} in ${region} cannot be read: ${message}`, advice);
  }
}
