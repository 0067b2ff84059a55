/** What a deployed stack says of itself. */
import {
  CloudFormationClient,
  type CloudFormationClientConfig,
  DescribeStacksCommand,
} from "@aws-sdk/client-cloudformation";

/** There is no such stack in this account and region. */
export class NoSuchStack extends Error {
  override name = "NoSuchStack";
}

/** The outputs of a stack by their keys. Throws NoSuchStack, and what the SDK throws (no credentials, say). */
export async function stackOutputs(
  stack: string,
  client: CloudFormationClientConfig = {},
): Promise<Readonly<Record<string, string>>> {
  const cloudFormation = new CloudFormationClient(client);
  try {
    const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: stack }));
    const outputs = Stacks?.[0]?.Outputs ?? [];
    return Object.fromEntries(outputs.map(({ OutputKey = "", OutputValue = "" }) => [OutputKey, OutputValue]));
  } catch (error) {
    const { name, message } = error as Error;
    if (name === "ValidationError" && message.includes("does not exist")) throw new NoSuchStack(message);
    throw error;
  } finally {
    cloudFormation.destroy();
  }
}

/** The region that the SDK finds in the environment or its configuration files. Throws where there is none. */
export async function configuredRegion(): Promise<string> {
  const client = new CloudFormationClient({});
  try {
    return await client.config.region();
  } finally {
    client.destroy();
  }
}
