/** A watch where the gateway waits for the whole answer: what happens within a while, then the end. */
import { bytesOf } from "./result.ts";

/** How such a watch is held. */
export interface HeldWatch {
  /** Ends the watch: the server says its last bookmark then. */
  readonly end: () => void;
  /** How long after the first event more are waited for. */
  readonly settleMs: number;
  /** So many bytes are enough; the client asks again for the rest. */
  readonly maxBytes: number;
}

/**
 * Reads a watch until its server ends it. It is asked to end shortly after the first event, since the client sees
 * nothing before, and left once it has said enough: what follows is in the next answer, as the client goes on from the
 * last revision that it has seen.
 */
export async function readHeldWatch(
  body: AsyncIterable<string | Uint8Array>,
  { end, settleMs, maxBytes }: HeldWatch,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let timer: NodeJS.Timeout | undefined;
  try {
    for await (const chunk of body) {
      if (chunk.length === 0) continue;
      const bytes = bytesOf(chunk);
      // A first chunk that is too large is the caller's to refuse.
      if (size > 0 && size + bytes.length > maxBytes) break;
      chunks.push(bytes);
      size += bytes.length;
      timer ??= setTimeout(end, settleMs);
    }
  } finally {
    clearTimeout(timer);
    end();
  }
  return Buffer.concat(chunks);
}
