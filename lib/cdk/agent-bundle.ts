/** The agent as one file: what a worker node is given. */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { AssetHashType, BundlingOutput, DockerImage } from "aws-cdk-lib";
import { Asset } from "aws-cdk-lib/aws-s3-assets";
import type { Construct } from "constructs";
import { bundle, projectFolder } from "./bundle.ts";

/** What the agent reads beside its source. */
const definitions = ["agent/runtime/cri/cri.proto", "agent/runtime/containerd/events.proto"];

/** Writes the agent's file, or that of a part of it. It is JavaScript alone, the same for every processor. */
export function bundleAgent(file: string, entry = "agent/main.ts"): void {
  const texts = definitions.map((path) => [basename(path), readFileSync(join(projectFolder, path), "utf8")]);
  bundle(entry, file, { bundledDefinitions: JSON.stringify(Object.fromEntries(texts)) });
}

/** The agent in the deployment's S3 bucket. */
export function agentAsset(scope: Construct, id: string): Asset {
  return new Asset(scope, id, {
    path: join(projectFolder, "agent"),
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry("no-image-is-needed"),
      outputType: BundlingOutput.SINGLE_FILE,
      local: {
        tryBundle(folder) {
          bundleAgent(join(folder, "agent.mjs"));
          return true;
        },
      },
    },
  });
}
