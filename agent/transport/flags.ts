/** The flags that choose and describe a transport. */

/** What the transport through queues takes. */
export interface SqsOptions {
  readonly cluster: string;
  readonly reportQueue: string;
  readonly region: string;
  /** Of an emulator. */
  readonly endpoint?: string;
  /** The API server's URL, with IAM tokens instead of a kubeconfig. */
  readonly api?: string;
  /** Of an emulator: where those tokens are to be verified. */
  readonly stsEndpoint?: string;
}

/** Wrong flags: what is wrong and what to type. */
export class OptionsError extends Error {
  override name = "OptionsError";
}

const text = { type: "string" } as const;

/** The flags, as parseArgs takes them; `kubeconfig` is everybody's. */
export const transportFlags = {
  transport: text,
  cluster: text,
  "report-queue": text,
  region: text,
  "sqs-endpoint": text,
  api: text,
  "sts-endpoint": text,
} as const;

/** Their part of a usage text. */
export const transportUsage = [
  "  [--transport sqs --report-queue URL --region REGION [--cluster NAME] [--sqs-endpoint URL]",
  "   [--api URL [--sts-endpoint URL]]]  (--api instead of --kubeconfig: with tokens of the machine's IAM role)",
].join("\n");

const sqsFlags = ["report-queue", "region", "sqs-endpoint", "api", "sts-endpoint"] as const;

type Values = Readonly<Partial<Record<keyof typeof transportFlags | "kubeconfig", string>>>;

/** Reads the flags; undefined: the direct transport. `usage` is what a wrong flag is answered with. Throws OptionsError. */
export function sqsOptions(values: Values, usage: string): SqsOptions | undefined {
  const wrong = (text: string) => new OptionsError(`${text}\n${usage}`);
  const { transport = "direct", cluster = "default" } = values;
  if (transport !== "direct" && transport !== "sqs") throw wrong(`--transport takes direct or sqs, not "${transport}"`);
  if (transport === "direct") {
    const extra = [...sqsFlags, "cluster" as const].find((flag) => values[flag] !== undefined);
    if (extra) throw wrong(`--${extra} goes with --transport sqs`);
    return undefined;
  }
  for (const flag of ["report-queue", "region"] as const) {
    if (!values[flag]) throw wrong(`--transport sqs needs --${flag}`);
  }
  for (const flag of sqsFlags) {
    const value = values[flag];
    if (flag !== "region" && value !== undefined && !URL.canParse(value))
      throw wrong(`--${flag} takes a URL, not "${value}"`);
  }
  if (values.api !== undefined && values.kubeconfig !== undefined)
    throw wrong("--api and --kubeconfig exclude each other");
  if (values["sts-endpoint"] !== undefined && values.api === undefined) throw wrong("--sts-endpoint goes with --api");
  return {
    cluster,
    reportQueue: values["report-queue"] ?? "",
    region: values.region ?? "",
    ...(values["sqs-endpoint"] === undefined ? {} : { endpoint: values["sqs-endpoint"] }),
    ...(values.api === undefined ? {} : { api: values.api.replace(/\/+$/, "") }),
    ...(values["sts-endpoint"] === undefined ? {} : { stsEndpoint: values["sts-endpoint"] }),
  };
}
