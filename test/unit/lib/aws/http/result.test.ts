import { describe, expect, it } from "vitest";
import type { HttpEvent } from "../../../../../lib/aws/http/event.ts";
import { bufferedResult, resultHead, streamedResult, wholeBody } from "../../../../../lib/aws/http/result.ts";

const rest: HttpEvent = { httpMethod: "GET", path: "/" };
const functionUrl: HttpEvent = { version: "2.0", rawPath: "/", requestContext: { http: { method: "GET" } } };
const headers = { "Content-Type": "application/json", Warning: ['299 - "a"', '299 - "b, c"'] };

describe("the head", () => {
  it("has all values for a REST API", () => {
    expect(resultHead(rest, { status: 201, headers })).toEqual({
      statusCode: 201,
      multiValueHeaders: { "Content-Type": ["application/json"], Warning: ['299 - "a"', '299 - "b, c"'] },
    });
  });

  it("has joined values for a function URL", () => {
    expect(resultHead(functionUrl, { status: 501, headers })).toEqual({
      statusCode: 501,
      headers: { "Content-Type": "application/json", Warning: '299 - "a", 299 - "b, c"' },
    });
  });
});

describe("a whole body", () => {
  const cases = [
    { name: "text", bytes: Buffer.from("{ä\u2028}"), want: { body: "{ä\u2028}", isBase64Encoded: false } },
    {
      name: "text that begins with a byte order mark",
      bytes: Buffer.from("\ufeffa"),
      want: { body: "\ufeffa", isBase64Encoded: false },
    },
    { name: "no text", bytes: Buffer.from([0x6b, 0xff]), want: { body: "a/8=", isBase64Encoded: true } },
    { name: "nothing", bytes: new Uint8Array(), want: { body: "", isBase64Encoded: false } },
  ];
  it.each(cases)("$name", ({ bytes, want }) => {
    expect(bufferedResult(rest, { status: 200, headers: {}, body: bytes })).toMatchObject(want);
  });

  it("is put together of chunks", async () => {
    async function* chunks() {
      yield "a";
      yield "";
      yield Buffer.from("ä");
    }
    expect(Buffer.from(await wholeBody(chunks())).toString()).toBe("aä");
    expect(Buffer.from(await wholeBody("b")).toString()).toBe("b");
  });
});

describe("a stream", () => {
  it("sends what comes, leaves out empty chunks, and ends the request with its end", async () => {
    const end = new AbortController();
    async function* body() {
      yield "";
      yield "one\n";
      yield Buffer.from("two\n");
    }
    const result = streamedResult(rest, { status: 200, headers, body: body() }, end);
    expect(result).toMatchObject({ statusCode: 200, multiValueHeaders: { Warning: headers.Warning } });
    let text = "";
    for await (const chunk of result.body) text += chunk;
    expect(text).toBe("one\ntwo\n");
    expect(end.signal.aborted).toBe(true);
  });

  it("ends a body that says nothing for long, before the gateway does", async () => {
    const end = new AbortController();
    async function* body() {
      for (const line of ["one\n", "two\n"]) yield line;
      await new Promise((resolve) => end.signal.addEventListener("abort", resolve));
      yield "last\n";
    }
    const { body: readable } = streamedResult(rest, { status: 200, headers: {}, body: body() }, end, 5);
    expect(Buffer.concat(await readable.toArray()).toString()).toBe("one\ntwo\nlast\n");
  });

  it("ends a body that waits for news when it is destroyed", async () => {
    const end = new AbortController();
    let state = "not begun";
    async function* body() {
      yield "one\n";
      state = "waits";
      await new Promise((resolve) => end.signal.addEventListener("abort", resolve));
      state = "is over";
    }
    const { body: readable } = streamedResult(rest, { status: 200, headers: {}, body: body() }, end);
    readable.resume();
    await expect.poll(() => state).toBe("waits");
    readable.destroy();
    await expect.poll(() => state).toBe("is over");
    expect(end.signal.aborted).toBe(true);
  });

  it("sends a whole body too", async () => {
    const { body } = streamedResult(rest, { status: 200, headers: {}, body: "text" }, new AbortController());
    expect(Buffer.concat(await body.toArray()).toString()).toBe("text");
    const empty = streamedResult(rest, { status: 200, headers: {}, body: "" }, new AbortController());
    expect(await empty.body.toArray()).toEqual([]);
  });
});
