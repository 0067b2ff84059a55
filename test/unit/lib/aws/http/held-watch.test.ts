import { describe, expect, it } from "vitest";
import { readHeldWatch } from "../../../../../lib/aws/http/held-watch.ts";

/** A server's watch: says what it is given, then waits until it is asked to end, and says its bookmark. */
async function* watch(events: readonly string[], end: AbortSignal): AsyncGenerator<string> {
  yield "";
  yield* events;
  if (!end.aborted) await new Promise((resolve) => end.addEventListener("abort", resolve));
  yield "bookmark";
}

const read = async (events: readonly string[], maxBytes = 1_000) => {
  const end = new AbortController();
  const bytes = await readHeldWatch(watch(events, end.signal), { end: () => end.abort(), settleMs: 5, maxBytes });
  return { text: Buffer.from(bytes).toString(), isEnded: end.signal.aborted };
};

describe("a held watch", () => {
  it("is asked to end after its first event, and read to its bookmark", async () => {
    expect(await read(["one", "two"])).toEqual({ text: "onetwobookmark", isEnded: true });
  });

  it("is left once it has said enough, with whole events alone and no bookmark of what was left out", async () => {
    expect(await read(["one", "two", "three"], 6)).toEqual({ text: "onetwo", isEnded: true });
  });

  it("says a first chunk whatever its size", async () => {
    expect(await read(["1234567", "8"], 6)).toEqual({ text: "1234567", isEnded: true });
  });

  it("without an event lasts until its server ends it", async () => {
    const end = new AbortController();
    const held = readHeldWatch(watch([], end.signal), { end: () => undefined, settleMs: 0, maxBytes: 10 });
    expect(await Promise.race([held, new Promise((resolve) => setImmediate(resolve, "waits"))])).toBe("waits");
    end.abort();
    expect(Buffer.from(await held).toString()).toBe("bookmark");
  });
});
