/** What run.ts has deployed, for the tests that it runs: a file that CORACLE_DEPLOYMENT names. */
import { readFileSync } from "node:fs";
import type { StackOutputs } from "./deploy.ts";

/** A deployment in an emulator. */
export interface Deployment {
  /** `http://localhost:PORT`. */
  readonly endpoint: string;
  /** What AWS' clients read to reach it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly outputs: StackOutputs;
  /** Whom clients of the API trust; an empty file where LocalStack was running already. */
  readonly caFile: string;
  /** What nodes' keys for reports are made from: stands in for SQS' word on who sends. */
  readonly reportKey: string;
  /** Where the stand-in for STS answers. */
  readonly sts: string;
  /** The functions' logs; undefined where LocalStack was running already. */
  readonly functionLogs?: string;
}

/** Throws an Error that says how to get one. */
export function readDeployment(): Deployment {
  const file = process.env.CORACLE_DEPLOYMENT;
  if (!file) throw new Error("there is no deployment: npm run test:localstack makes one");
  return JSON.parse(readFileSync(file, "utf8"));
}
