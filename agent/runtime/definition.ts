/** Definitions of gRPC services. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fromJSON, type Options, type PackageDefinition } from "@grpc/proto-loader";
import protobuf from "protobufjs";

/**
 * The texts of the `.proto` files by name, where the agent is one file: put there by who makes it
 * (`lib/cdk/agent-bundle.ts`).
 */
declare const bundledDefinitions: Readonly<Record<string, string>> | undefined;

/** Reads a `.proto` file that imports no other. Throws where it is wrong. */
export function loadDefinition(file: string, options?: Options): PackageDefinition {
  const bundled = typeof bundledDefinitions === "undefined" ? undefined : bundledDefinitions[basename(file)];
  const { root } = protobuf.parse(bundled ?? readFileSync(file, "utf8"));
  return fromJSON(root.toJSON(), options);
}
