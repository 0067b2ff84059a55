/** From an event of the gateway to an answer of the API core: which cluster, until when, in which form. */
import { failure, newRequestEntityTooLarge } from "../../lib/apimachinery/errors.ts";
import type { ServerResponse } from "../../lib/apimachinery/http.ts";
import { requestInfo } from "../../lib/apiserver/request-info.ts";
import { failureResponse } from "../../lib/apiserver/respond.ts";
import { clusterTarget } from "../../lib/aws/http/cluster-path.ts";
import { compressed } from "../../lib/aws/http/compress.ts";
import { EventRequest, eventTarget, type HttpEvent } from "../../lib/aws/http/event.ts";
import { readHeldWatch } from "../../lib/aws/http/held-watch.ts";
import {
  type BufferedResult,
  bufferedResult,
  type StreamedResult,
  streamedResult,
  wholeBody,
} from "../../lib/aws/http/result.ts";
import { type Clusters, UnknownCluster } from "./cluster.ts";
import { logError } from "./log.ts";

/** What Lambda says of an invocation. */
export interface Invocation {
  getRemainingTimeInMillis(): number;
}

/** Times and sizes, of which tests take smaller ones. */
export interface AnswerLimits {
  /** A watch ends so long before the function's own end, so that the client sees a clean one. */
  readonly marginMs: number;
  /** Other requests get 504 after so long (upstream: --request-timeout). */
  readonly requestMs: number;
  /** How long more events are waited for after the first of a watch that the gateway buffers. */
  readonly settleMs: number;
  /** The largest answer that Lambda takes from a buffered function. */
  readonly bufferedBytes: number;
}

/** Of Lambda, and of API Gateway where it buffers (29 s). */
export const bufferedLimits: AnswerLimits = {
  marginMs: 2_000,
  requestMs: 27_000,
  settleMs: 100,
  bufferedBytes: 6 * 1024 * 1024 - 128 * 1024,
};

/** Of Lambda where the answer is streamed. */
export const streamedLimits: AnswerLimits = { ...bufferedLimits, requestMs: 60_000 };

/** An answer under way. */
interface Answer {
  readonly request: EventRequest;
  readonly isWatch: boolean;
  readonly response: ServerResponse;
}

/** Answers events of the gateway. Never rejects: an error is an answer too. */
export class Answerer {
  readonly #clusters: Clusters;
  readonly #limits: AnswerLimits;

  constructor(clusters: Clusters, limits: AnswerLimits) {
    this.#clusters = clusters;
    this.#limits = limits;
  }

  /** The answer as a whole; a watch's as far as it got within its time. */
  async buffered(event: HttpEvent, invocation: Invocation): Promise<BufferedResult> {
    const end = new AbortController();
    const deadline = this.#deadline(invocation, end);
    try {
      const { request, isWatch, response } = await this.#answer(event, end);
      const body = await (isWatch ? this.#heldWatch(response.body, end) : wholeBody(response.body));
      const sent = request.method === "HEAD" ? new Uint8Array() : body;
      const result = bufferedResult(event, await compressed(request, { ...response, body: sent }));
      // What is counted is the result as JSON, in which quotes and line ends take two bytes.
      return isLarger(result, this.#limits.bufferedBytes) ? await this.#tooLarge(event) : result;
    } catch (error) {
      logError(error, "the answer's body");
      return bufferedResult(event, await whole(failureResponse(error)));
    } finally {
      deadline.cancel();
      end.abort();
    }
  }

  /** The head, and a body that comes as it happens. */
  async streamed(event: HttpEvent, invocation: Invocation): Promise<StreamedResult> {
    const end = new AbortController();
    const deadline = this.#deadline(invocation, end);
    end.signal.addEventListener("abort", () => deadline.cancel());
    try {
      const { request, isWatch, response } = await this.#answer(event, end);
      if (isWatch) return streamedResult(event, response, end);
      const body = request.method === "HEAD" ? new Uint8Array() : await wholeBody(response.body);
      return streamedResult(event, await compressed(request, { ...response, body }), end);
    } catch (error) {
      logError(error, "the answer's body");
      return streamedResult(event, failureResponse(error), end);
    }
  }

  async #answer(event: HttpEvent, end: AbortController): Promise<Answer> {
    const { cluster: name, target } = clusterTarget(eventTarget(event));
    const request = new EventRequest(event, target, end.signal);
    const info = requestInfo(request.method, target);
    const isWatch = info.isResource && info.verb === "watch";
    const response = this.#clusters
      .get(name)
      .then(({ api }) => api.handle(request))
      .catch((error) => {
        if (error instanceof UnknownCluster) return failureResponse(failure(404, "NotFound", error.message));
        logError(error, `${request.method} ${info.path}`);
        return failureResponse(error);
      });
    return { request, isWatch, response: await this.#inTime(response, end.signal) };
  }

  /** The response, or 504 where it takes too long. */
  async #inTime(response: Promise<ServerResponse>, signal: AbortSignal): Promise<ServerResponse> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<ServerResponse>((resolve) => {
      const text = "Timeout: request did not complete within the allotted timeout";
      const answer = () => resolve(failureResponse(failure(504, "Timeout", text, {})));
      timer = setTimeout(answer, this.#limits.requestMs);
      signal.addEventListener("abort", answer);
    });
    return Promise.race([response, tooLate]).finally(() => clearTimeout(timer));
  }

  /** Aborts before the function's own end. */
  #deadline(invocation: Invocation, end: AbortController): { cancel(): void } {
    const ms = Math.max(0, invocation.getRemainingTimeInMillis() - this.#limits.marginMs);
    const timer = setTimeout(() => end.abort(), ms);
    return { cancel: () => clearTimeout(timer) };
  }

  #heldWatch(body: ServerResponse["body"], end: AbortController): Promise<Uint8Array> {
    if (typeof body === "string" || body instanceof Uint8Array) return wholeBody(body);
    const { settleMs, bufferedBytes } = this.#limits;
    // JSON within JSON: each quote takes two bytes.
    return readHeldWatch(body, { end: () => end.abort(), settleMs, maxBytes: bufferedBytes / 2 });
  }

  async #tooLarge(event: HttpEvent): Promise<BufferedResult> {
    const message = "the answer is larger than the gateway passes on; ask for pages (limit=500) or accept gzip";
    return bufferedResult(event, await whole(failureResponse(newRequestEntityTooLarge(message))));
  }
}

async function whole(response: ServerResponse) {
  return { ...response, body: await wholeBody(response.body) };
}

function isLarger(result: BufferedResult, bytes: number): boolean {
  // Escapes take six bytes at most, so that small results need not be written twice.
  if (result.body.length * 6 < bytes) return false;
  return Buffer.byteLength(JSON.stringify(result)) > bytes;
}
