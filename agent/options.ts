/** The agent's command line. */
import { parseArgs } from "node:util";
import { OptionsError, type SqsOptions, sqsOptions, transportFlags, transportUsage } from "./transport/flags.ts";

/** How the agent runs. */
export interface AgentOptions {
  /** Absent only where the API server is named by `api`. */
  readonly kubeconfig?: string;
  /** Through queues; absent: directly. */
  readonly sqs?: SqsOptions;
  readonly nodeName: string;
  readonly dataDir: string;
  readonly nodeIp?: string;
  readonly podCidr?: string;
  /** Ranges of the other nodes' pods: reached with the pod's own address. */
  readonly clusterCidrs: readonly string[];
  readonly clusterDns: string;
  readonly clusterDomain: string;
  readonly maxPods: number;
  /** Port of the HTTPS server for logs; 0: a free one. */
  readonly port: number;
  /** PEM files: who may ask for logs, and what the server shows. Without the first, nobody may. */
  readonly clientCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  /** Failures are told with their stacks. */
  readonly verbose: boolean;
}

const usage = [
  "usage: node agent/main.ts --kubeconfig FILE --node-name NAME --data-dir DIR [--node-ip ADDRESS]",
  "  [--pod-cidr RANGE] [--cluster-cidr RANGE]... [--cluster-dns ADDRESS] [--cluster-domain NAME] [--max-pods N]",
  "  [--port PORT] [--client-ca FILE] [--tls-cert FILE --tls-key FILE] [--verbose]",
  transportUsage,
].join("\n");

/** Reads the flags. Throws OptionsError. */
export function agentOptions(args: readonly string[]): AgentOptions {
  const values = parse(args);
  const sqs = sqsOptions(values, usage);
  const required = (flag: "kubeconfig" | "node-name" | "data-dir") => {
    const value = values[flag];
    if (!value) throw new OptionsError(`--${flag} is missing\n${usage}`);
    return value;
  };
  if ((values["tls-cert"] === undefined) !== (values["tls-key"] === undefined)) {
    throw new OptionsError(`--tls-cert and --tls-key belong together\n${usage}`);
  }
  return {
    ...(sqs?.api === undefined ? { kubeconfig: required("kubeconfig") } : {}),
    ...(sqs === undefined ? {} : { sqs }),
    nodeName: required("node-name"),
    dataDir: required("data-dir"),
    nodeIp: values["node-ip"],
    podCidr: values["pod-cidr"],
    clusterCidrs: values["cluster-cidr"] ?? [],
    clusterDns: values["cluster-dns"] ?? "10.96.0.10",
    clusterDomain: values["cluster-domain"] ?? "cluster.local",
    maxPods: number("max-pods", values["max-pods"] ?? "110", 1, 10_000),
    port: number("port", values.port ?? "0", 0, 65_535),
    clientCa: values["client-ca"],
    tlsCert: values["tls-cert"],
    tlsKey: values["tls-key"],
    verbose: values.verbose ?? false,
  };
}

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        kubeconfig: text,
        "node-name": text,
        "data-dir": text,
        "node-ip": text,
        "pod-cidr": text,
        "cluster-cidr": { type: "string", multiple: true },
        "cluster-dns": text,
        "cluster-domain": text,
        "max-pods": text,
        port: text,
        "client-ca": text,
        "tls-cert": text,
        "tls-key": text,
        verbose: { type: "boolean" },
        ...transportFlags,
      },
    }).values;
  } catch (error) {
    throw new OptionsError(`${(error as Error).message}\n${usage}`);
  }
}

function number(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new OptionsError(`--${flag} takes a whole number from ${least} to ${most}, not ${JSON.stringify(text)}`);
  }
  return value;
}
