/** The flags of `coracle up`. */
import type { UpOptions } from "../lib/local/up-options.ts";
import { UserError } from "../lib/local/user-error.ts";
import { type Flag, integer, oneOf, parseFlags } from "./flags.ts";

/** The table. */
export const upFlags: readonly Flag[] = [
  { name: "data-dir", value: "DIR", help: "where everything is kept", fallback: ".coracle" },
  {
    name: "port",
    value: "PORT",
    help: "of the API on 127.0.0.1; 0: any free one",
    fallback: "6443",
    parse: integer(0, 65535),
  },
  { name: "kubeconfig", value: "FILE", help: "the admin's, written at start", fallback: "DIR/kubeconfig" },
  {
    name: "store",
    value: "sqlite|dynamodb",
    help: "where objects are kept",
    fallback: "sqlite",
    parse: oneOf("sqlite", "dynamodb"),
  },
  { name: "table", value: "NAME", help: "DynamoDB's table; made where it is missing", fallback: "coracle" },
  { name: "endpoint", value: "URL", help: "DynamoDB's endpoint, if it is not AWS's own", parse: url },
  { name: "node", help: "run a node on this machine; an error where it cannot" },
  { name: "no-node", help: "run no node" },
  {
    name: "simulate-nodes",
    value: "N",
    help: "run N nodes whose pods exist in state alone",
    fallback: "0",
    parse: integer(0, 5000),
  },
  {
    name: "controllers",
    value: "LIST",
    help: "as kube-controller-manager reads it: *, NAME, -NAME; ours: -* for none",
    fallback: "*",
  },
  { name: "help", help: "this text" },
];

function url(text: string): string {
  if (!URL.canParse(text)) throw new Error("must be a URL such as http://127.0.0.1:8000");
  return text;
}

/** The options of `coracle up ARGS`. Throws UserError. */
export function parseUp(args: readonly string[]): UpOptions {
  const flags = parseFlags("up", upFlags, args);
  if (flags.node && flags["no-node"]) {
    throw new UserError("--node and --no-node exclude each other", "leave one of them out");
  }
  if (flags.store !== "dynamodb" && (flags.table !== undefined || flags.endpoint !== undefined)) {
    const name = flags.table === undefined ? "endpoint" : "table";
    throw new UserError(`--${name} needs the DynamoDB store`, `type: coracle up --store dynamodb --${name} ...`);
  }
  return {
    dataDir: (flags["data-dir"] as string) ?? ".coracle",
    port: (flags.port as number) ?? 6443,
    kubeconfig: flags.kubeconfig as string | undefined,
    store: (flags.store as "sqlite" | "dynamodb") ?? "sqlite",
    table: (flags.table as string) ?? "coracle",
    endpoint: flags.endpoint as string | undefined,
    node: flags.node ? "required" : flags["no-node"] ? "none" : "if possible",
    simulateNodes: (flags["simulate-nodes"] as number) ?? 0,
    controllers: ((flags.controllers as string) ?? "*").split(",").map((name) => name.trim()),
  };
}
