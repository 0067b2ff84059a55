/** A streamed body as lines: how the events of a watch are framed. */

/**
 * The lines of a body, without empty ones. Ends when the signal aborts, even where the body does not end then; a last
 * line
 * that was cut off is given only if the body ended by itself.
 */
export async function* readLines(
  body: AsyncIterable<string | Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  const aborted = Promise.withResolvers<{ done: true; value: undefined }>();
  const abort = () => aborted.resolve({ done: true, value: undefined });
  if (signal.aborted) return;
  signal.addEventListener("abort", abort);
  const iterator = body[Symbol.asyncIterator]();
  const decoder = new TextDecoder();
  let ended = false;
  try {
    let rest = "";
    for (;;) {
      const { done, value } = await Promise.race([iterator.next(), aborted.promise]);
      if (signal.aborted) return;
      if (done) break;
      rest += typeof value === "string" ? value : decoder.decode(value, { stream: true });
      let start = 0;
      for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n", start)) {
        if (end > start) yield rest.slice(start, end);
        start = end + 1;
      }
      rest = rest.slice(start);
    }
    ended = true;
    if (rest.trim() !== "") yield rest;
  } finally {
    signal.removeEventListener("abort", abort);
    // Not awaited: a generator's return waits for its pending next, which may never come.
    if (!ended) iterator.return?.()?.catch(() => {});
  }
}
