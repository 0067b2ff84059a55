/** Answers as Lambda hands them to API Gateway or to a function URL: whole, or as a stream with a head before it. */
import { Readable } from "node:stream";
import type { ServerResponse } from "../../apimachinery/http.ts";
import type { WholeResponse } from "./compress.ts";
import { type HttpEvent, isFunctionUrlEvent } from "./event.ts";

/** Status and headers. Format 1.0 has lists of values, 2.0 joins them. */
export interface ResultHead {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
}

/** The whole answer. */
export interface BufferedResult extends ResultHead {
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** The head, and the body as it comes. */
export interface StreamedResult extends ResultHead {
  readonly body: Readable;
}

/** Status and headers in the event's format. */
export function resultHead(
  event: HttpEvent,
  { status, headers }: Pick<ServerResponse, "status" | "headers">,
): ResultHead {
  const entries = Object.entries(headers).map(([name, value]) => {
    return [name, typeof value === "string" ? [value] : [...value]] as const;
  });
  if (!isFunctionUrlEvent(event)) return { statusCode: status, multiValueHeaders: Object.fromEntries(entries) };
  return {
    statusCode: status,
    headers: Object.fromEntries(entries.map(([name, values]) => [name, values.join(", ")])),
  };
}

const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The body as text where it is text, else as base64. */
function encodedBody(bytes: Uint8Array): Pick<BufferedResult, "body" | "isBase64Encoded"> {
  try {
    return { body: text.decode(bytes), isBase64Encoded: false };
  } catch {
    return { body: Buffer.from(bytes).toString("base64"), isBase64Encoded: true };
  }
}

/** The whole answer. */
export function bufferedResult(event: HttpEvent, response: WholeResponse): BufferedResult {
  return { ...resultHead(event, response), ...encodedBody(response.body) };
}

/**
 * API Gateway cuts a stream that says nothing for five minutes, and Lambda goes on for nobody: what is silent for
 * nearly as long is ended before, cleanly. A watch with bookmarks never is; that of `kubectl get -w` asks for none.
 */
const maxIdleMs = 4.5 * 60_000;

/**
 * The answer as a stream. Its end, also where the other side is gone, aborts `request`; so does a silence of `idleMs`,
 * which the body is to end by.
 */
export function streamedResult(
  event: HttpEvent,
  response: ServerResponse,
  request: AbortController,
  idleMs = maxIdleMs,
): StreamedResult {
  const { body } = response;
  const whole = typeof body === "string" || body instanceof Uint8Array;
  return { ...resultHead(event, response), body: new BodyStream(whole ? once(body) : body, request, idleMs) };
}

async function* once(body: string | Uint8Array): AsyncGenerator<string | Uint8Array> {
  yield body;
}

/**
 * A body as a stream of bytes. Readable.from would not do: to end it waits for the chunk that it has asked for, and a
 * watch's next chunk may never come. Here the end aborts the request first, and the watch ends by that.
 */
class BodyStream extends Readable {
  readonly #chunks: AsyncIterator<string | Uint8Array>;
  readonly #request: AbortController;
  readonly #idleMs: number;

  constructor(body: AsyncIterable<string | Uint8Array>, request: AbortController, idleMs: number) {
    super();
    this.#chunks = body[Symbol.asyncIterator]();
    this.#request = request;
    this.#idleMs = idleMs;
  }

  override _read(): void {
    this.#next().then(
      (bytes) => this.push(bytes),
      (error: Error) => this.destroy(error),
    );
  }

  /** The next chunk that has something in it; null at the end. */
  async #next(): Promise<Uint8Array | null> {
    const idle = setTimeout(() => this.#request.abort(), this.#idleMs);
    try {
      for (;;) {
        const { done, value } = await this.#chunks.next();
        if (done) return null;
        if (value.length > 0) return bytesOf(value);
      }
    } finally {
      clearTimeout(idle);
    }
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#request.abort();
    this.#chunks.return?.()?.catch(() => undefined);
    callback(error);
  }
}

/** A chunk as bytes. */
export function bytesOf(chunk: string | Uint8Array): Uint8Array {
  return typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}

/** A body as a whole. */
export async function wholeBody(body: ServerResponse["body"]): Promise<Uint8Array> {
  if (typeof body === "string" || body instanceof Uint8Array) return bytesOf(body);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(bytesOf(chunk));
  return Buffer.concat(chunks);
}
