import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { acceptsGzip, compressed, gzipThresholdBytes } from "../../../../../lib/aws/http/compress.ts";

const request = (encoding?: string) => ({
  header: (name: string) => (name === "accept-encoding" ? encoding : undefined),
});

describe("whether gzip is taken", () => {
  const cases = [
    { encoding: undefined, want: false },
    { encoding: "", want: false },
    { encoding: "gzip", want: true },
    { encoding: "deflate, GZIP;q=0.5", want: true },
    { encoding: "gzip;q=0", want: false },
    { encoding: "gzip; q=0.0", want: false },
    { encoding: "br, identity", want: false },
    { encoding: "xgzip", want: false },
  ];
  it.each(cases)("$encoding", ({ encoding, want }) => expect(acceptsGzip(request(encoding))).toBe(want));
});

describe("an answer", () => {
  const large = Buffer.alloc(gzipThresholdBytes + 1, "a");
  const answer = (body: Uint8Array, headers: Record<string, string | string[]> = {}) => ({
    status: 200,
    headers,
    body,
  });

  it("is compressed where it is large, and says so", async () => {
    const { status, headers, body } = await compressed(request("gzip"), answer(large, { A: "b", Vary: "Accept" }));
    expect(status).toBe(200);
    expect(headers).toEqual({ A: "b", "Content-Encoding": "gzip", Vary: ["Accept", "Accept-Encoding"] });
    expect(body.length).toBeLessThan(large.length / 100);
    expect(gunzipSync(body).equals(large)).toBe(true);
  });

  const same = [
    { name: "is small", encoding: "gzip", given: answer(large.subarray(1)) },
    { name: "is not wanted so", encoding: "br", given: answer(large) },
    { name: "is compressed already", encoding: "gzip", given: answer(large, { "content-encoding": "gzip" }) },
  ];
  it.each(same)("is left alone where it $name", async ({ encoding, given }) => {
    expect(await compressed(request(encoding), given)).toBe(given);
  });
});
