/** λ api: the Kubernetes API behind API Gateway, streamed or, where the gateway buffers, with short watches. */
import middy from "@middy/core";
import { executionModeStandard } from "@middy/core/executionModeStandard";
import { executionModeStreamifyResponse } from "@middy/core/executionModeStreamifyResponse";
import type { HttpEvent } from "../lib/aws/http/event.ts";
import type { BufferedResult, StreamedResult } from "../lib/aws/http/result.ts";
import { Answerer, bufferedLimits, type Invocation, streamedLimits } from "./wiring/answer.ts";
import { openClusters } from "./wiring/cluster.ts";
import { readEnvironment } from "./wiring/environment.ts";

const environment = readEnvironment();
const clusters = openClusters(environment);
const streams = environment.watchMode === "stream";
const answerer = new Answerer(clusters, streams ? streamedLimits : bufferedLimits);

/** The function. In stream mode Lambda's runtime must be the one that calls it: it brings what streams. */
export const handler = middy<HttpEvent, BufferedResult | StreamedResult>({
  // The answerer keeps the function's deadline itself.
  timeoutEarlyInMillis: 0,
  executionMode: streams ? executionModeStreamifyResponse : executionModeStandard,
}).handler((event: HttpEvent, invocation: Invocation) =>
  streams ? answerer.streamed(event, invocation) : answerer.buffered(event, invocation),
);
