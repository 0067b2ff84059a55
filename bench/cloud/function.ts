/** The api function alone: how large it is, and how long it takes to start under AWS' runtime client. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { bundle, putData } from "../../lib/cdk/bundle.ts";
import { startFunction } from "../../test/support/lambda-runtime.ts";
import { temporaryFolder } from "../control-plane.ts";
import type { Row } from "../row.ts";

const starts = 15;

const environment = {
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  TABLE_NAME: "none",
  API_URL: "https://localhost/prod",
  SIGNING_KEY_ID: "none",
};

/** Nothing is asked of AWS before the first request, so that none is needed. */
export async function apiFunction(): Promise<Row[]> {
  const { folder, remove } = temporaryFolder();
  try {
    const file = join(folder, "index.mjs");
    bundle("lambdas/api.ts", file);
    putData(["facts", "objects", "descriptions"], folder);
    const times: number[] = [];
    for (let n = 0; n < starts; n++) {
      const started = await startFunction(folder, environment);
      times.push(started.initMs);
      await started.stop();
    }
    times.sort((a, b) => a - b);
    return [
      { name: "api: bundle", value: statSync(file).size / 1_024, unit: "KiB" },
      { name: "api: bundle, compressed", value: gzipSync(readFileSync(file)).length / 1_024, unit: "KiB" },
      { name: "api: init, median", value: times[Math.floor(starts / 2)], unit: "ms", goal: 250, atMost: true },
      { name: "api: init, best", value: times[0], unit: "ms" },
    ];
  } finally {
    remove();
  }
}
