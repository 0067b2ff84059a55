/** What a deployment is told by context values (`-c name=value`); docs/aws.md lists them. */
import { ResponseTransferMode } from "aws-cdk-lib/aws-apigateway";
import type { Node } from "constructs";

/** How to deploy. */
export interface DeploymentOptions {
  /** What the stacks' names begin with; in lower case, what the queues' names begin with. @default "Coracle" */
  readonly name: string;
  /** Clusters that are served, the bare path's `default` among them, separated by commas. @default "default" */
  readonly clusters: string;
  /** STREAM sends watches as they happen; BUFFERED is for emulators that cannot. @default STREAM */
  readonly responseTransferMode: ResponseTransferMode;
  /** Machines of the worker group: so many at first and at least. @default 1 */
  readonly workers: number;
  /** An arm64 kind of machine. @default "t4g.small" */
  readonly workerInstanceType: string;
  /** An SNS topic that is told of alarms. @default none: alarms are seen in the console only */
  readonly alarmTopicArn?: string;
  /** An emulator instead of AWS. @default AWS */
  readonly emulator?: EmulatorOptions;
}

/** What is different in an emulator. */
export interface EmulatorOptions {
  /** Where it answers. @default "http://localhost:4566" */
  readonly endpoint: string;
  /** Who is admin, since nobody is asked. @default the account's root */
  readonly adminArn: string;
  /** More environment variables of all functions: what stands in for what the emulator lacks. @default none */
  readonly environment: Readonly<Record<string, string>>;
}

/** A context value is wrong: which, and what to write. */
export class OptionError extends Error {
  override name = "OptionError";
}

/** Reads the context. Throws OptionError. */
export function deploymentOptions(node: Node): DeploymentOptions {
  const text = (name: string): string | undefined => {
    const value: unknown = node.tryGetContext(name);
    return value === undefined || value === "" ? undefined : String(value);
  };
  const emulator = text("emulator") === "true" ? emulatorOptions(text) : undefined;
  if (emulator === undefined && text("functionEnvironment") !== undefined) {
    throw new OptionError("functionEnvironment is for emulators alone: give -c emulator=true too");
  }
  return {
    name: matching(
      "name",
      text("name") ?? "Coracle",
      // An inbox's name has at most 80 characters: this one, `-inbox-`, 16 of a cluster's hash, a dash and a uid's 36.
      /^[A-Z][A-Za-z0-9]{0,19}$/,
      "at most 20 letters and digits, a capital first",
    ),
    clusters: matching(
      "clusters",
      text("clusters") ?? "default",
      /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(,[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/,
      "names of lower-case letters, digits and dashes, separated by commas",
    ),
    responseTransferMode: transferMode(text("responseTransferMode"), emulator !== undefined),
    workers: Number(matching("workers", text("workers") ?? "1", /^\d{1,3}$/, "a number of machines, up to 999")),
    workerInstanceType: matching(
      "workerInstanceType",
      text("workerInstanceType") ?? "t4g.small",
      /^[a-z]+[0-9]+g[a-z]*\.[0-9a-z]+$/,
      "a kind of machine with Graviton processors, as t4g.small",
    ),
    alarmTopicArn: text("alarmTopicArn"),
    emulator,
  };
}

function emulatorOptions(text: (name: string) => string | undefined): EmulatorOptions {
  return {
    endpoint: (text("endpoint") ?? "http://localhost:4566").replace(/\/+$/, ""),
    adminArn: text("adminArn") ?? "arn:aws:iam::000000000000:root",
    environment: variables(text("functionEnvironment") ?? "{}"),
  };
}

function variables(text: string): Record<string, string> {
  const wrong = new OptionError("functionEnvironment must be a JSON object of texts");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong;
  if (!Object.values(value).every((one) => typeof one === "string")) throw wrong;
  return value as Record<string, string>;
}

function matching(name: string, value: string, pattern: RegExp, wanted: string): string {
  if (pattern.test(value)) return value;
  throw new OptionError(`${name} must be ${wanted}, not ${JSON.stringify(value)}`);
}

function transferMode(value: string | undefined, emulated: boolean): ResponseTransferMode {
  if (value === undefined) return emulated ? ResponseTransferMode.BUFFERED : ResponseTransferMode.STREAM;
  if (value === ResponseTransferMode.STREAM || value === ResponseTransferMode.BUFFERED) return value;
  throw new OptionError(`responseTransferMode must be STREAM or BUFFERED, not ${JSON.stringify(value)}`);
}
