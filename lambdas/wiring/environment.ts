/** What the functions are told by their environment variables, which the CDK app sets; docs/aws.md lists them. */

/** The settings, read once. What only some functions need is optional: they ask with `required`. */
export interface Environment {
  /** The one DynamoDB table. */
  readonly tableName: string;
  /** The clusters that are served; the bare path is the cluster `default`. */
  readonly clusters: readonly string[];
  /** The stage's URL without a slash at its end. */
  readonly apiUrl: string;
  /** Where the function runs; Lambda says it. */
  readonly region?: string;
  readonly watchMode: WatchMode;
  /** How long a watch is held where the gateway buffers answers. */
  readonly bufferedWatchMs: number;
  /** How often a quiet watch gets a bookmark. */
  readonly bookmarkMs: number;
  readonly controllersQueueUrl?: string;
  readonly schedulerQueueUrl?: string;
  readonly delaysQueueUrl?: string;
  readonly reportsQueueUrl?: string;
  /** Where log entries go that can't be read. */
  readonly failuresQueueUrl?: string;
  /** Where messages of the function's own queue go that can't be read. */
  readonly deadLettersQueueUrl?: string;
  /** What the names of the nodes' inbox queues begin with. */
  readonly inboxPrefix?: string;
  /** The KMS key that signs service accounts' tokens. */
  readonly signingKeyId?: string;
  /** A key in PEM for emulators without KMS. */
  readonly signingKeyPem?: string;
  /** Who is admin of a fresh cluster. */
  readonly adminArn?: string;
  /** The instance roles of worker groups. */
  readonly nodeRoleArns: readonly string[];
  /** The only STS that tokens may name; for tests and emulators. */
  readonly stsEndpoint?: string;
  /** Reports are believed to come from whom they say; for emulators that don't fill in SQS' sender. */
  readonly trustsReportSenderField: boolean;
  /** There: the secret that nodes' signing keys are made from. */
  readonly reportSenderKey?: string;
  /** PEM certificates that pods check the server's by, where these aren't Amazon's; for emulators. */
  readonly rootCertificates?: string;
  /** A bearer token of the group system:masters; for emulators, never set by the CDK app. */
  readonly adminToken?: string;
}

/**
 * `stream`: a watch is sent as it happens. `buffered`: the gateway waits for the whole answer, so that watches are
 * short.
 */
export type WatchMode = "stream" | "buffered";

/** A variable is missing or bad. The message names it and never shows its value. */
export class BadEnvironment extends Error {
  override name = "BadEnvironment";
}

/** A cluster's name stands in paths, keys and queue groups: a DNS label. */
const clusterName = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

type Variables = Readonly<Record<string, string | undefined>>;

/** Reads the variables. Throws BadEnvironment. */
export function readEnvironment(variables: Variables = process.env): Environment {
  const text = (name: string) => variables[name]?.trim() || undefined;
  return {
    tableName: needed("TABLE_NAME", text("TABLE_NAME")),
    clusters: clusterNames(text("CLUSTERS") ?? "default"),
    apiUrl: needed("API_URL", text("API_URL")).replace(/\/+$/, ""),
    watchMode: watchMode(text("WATCH_MODE") ?? "stream"),
    bufferedWatchMs: seconds("BUFFERED_WATCH_SECONDS", text("BUFFERED_WATCH_SECONDS") ?? "5", 20) * 1_000,
    bookmarkMs: seconds("BOOKMARK_SECONDS", text("BOOKMARK_SECONDS") ?? "60", 240) * 1_000,
    nodeRoleArns: list(text("NODE_ROLE_ARN")),
    trustsReportSenderField: text("TRUST_REPORT_SENDER_FIELD") === "true",
    ...defined({
      region: text("AWS_REGION"),
      controllersQueueUrl: text("CONTROLLERS_QUEUE_URL"),
      schedulerQueueUrl: text("SCHEDULER_QUEUE_URL"),
      delaysQueueUrl: text("DELAYS_QUEUE_URL"),
      reportsQueueUrl: text("REPORTS_QUEUE_URL"),
      failuresQueueUrl: text("FAILURES_QUEUE_URL"),
      deadLettersQueueUrl: text("DEAD_LETTERS_QUEUE_URL"),
      inboxPrefix: text("INBOX_PREFIX"),
      signingKeyId: text("SIGNING_KEY_ID"),
      signingKeyPem: text("SIGNING_KEY_PEM"),
      adminArn: text("ADMIN_ARN"),
      reportSenderKey: text("REPORT_SENDER_KEY"),
      stsEndpoint: text("STS_ENDPOINT"),
      rootCertificates: text("ROOT_CERTIFICATES"),
      adminToken: text("ADMIN_TOKEN"),
    }),
  };
}

/** A setting that this function cannot do without: `required(environment, "delaysQueueUrl")`. Throws BadEnvironment. */
export function required<K extends keyof Environment>(environment: Environment, key: K): NonNullable<Environment[K]> {
  const value = environment[key];
  if (value !== undefined) return value as NonNullable<Environment[K]>;
  const name = key === "region" ? "AWS_REGION" : key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
  throw new BadEnvironment(`the environment variable ${name} is not set`);
}

function needed(name: string, value: string | undefined): string {
  if (value === undefined) throw new BadEnvironment(`the environment variable ${name} is not set`);
  return value;
}

function list(text: string | undefined): string[] {
  const parts = (text ?? "").split(",").map((part) => part.trim());
  return parts.filter((part) => part !== "");
}

function clusterNames(text: string): string[] {
  const names = list(text);
  if (names.length > 0 && names.every((name) => clusterName.test(name))) return names;
  throw new BadEnvironment("the environment variable CLUSTERS must be names of clusters, separated by commas");
}

function watchMode(text: string): WatchMode {
  if (text === "stream" || text === "buffered") return text;
  throw new BadEnvironment("the environment variable WATCH_MODE must be stream or buffered");
}

function seconds(name: string, text: string, most: number): number {
  const value = Number(text);
  if (value > 0 && value <= most) return value;
  throw new BadEnvironment(`the environment variable ${name} must be a number of seconds, at most ${most}`);
}

function defined<T extends Readonly<Record<string, string | undefined>>>(values: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: string;
  };
}
