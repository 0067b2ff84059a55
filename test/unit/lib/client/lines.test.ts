import { describe, expect, it } from "vitest";
import { readLines } from "../../../../lib/client/lines.ts";

async function linesOf(chunks: (string | Uint8Array)[]): Promise<string[]> {
  const body = (async function* () {
    yield* chunks;
  })();
  const lines: string[] = [];
  for await (const line of readLines(body, new AbortController().signal)) lines.push(line);
  return lines;
}

describe("readLines", () => {
  const umlaut = new TextEncoder().encode("ä\n");
  const cases: { name: string; chunks: (string | Uint8Array)[]; want: string[] }[] = [
    { name: "nothing", chunks: [], want: [] },
    { name: "lines in one chunk", chunks: ["a\nb\n"], want: ["a", "b"] },
    { name: "a line in several chunks", chunks: ["a", "b", "c\nd", "\n"], want: ["abc", "d"] },
    { name: "a character in two chunks", chunks: [umlaut.slice(0, 1), umlaut.slice(1)], want: ["ä"] },
    { name: "empty lines", chunks: ["\n\na\n\n"], want: ["a"] },
    { name: "a last line without an end", chunks: ["a\nb"], want: ["a", "b"] },
  ];
  for (const { name, chunks, want } of cases) it(name, async () => expect(await linesOf(chunks)).toEqual(want));

  it("ends the body when the reader stops", async () => {
    let ended = false;
    const body = (async function* () {
      try {
        for (;;) yield "a\n";
      } finally {
        ended = true;
      }
    })();
    for await (const _ of readLines(body, new AbortController().signal)) break;
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBe(true);
  });
});
