import { describe, expect, it } from "vitest";
import { EventRequest, eventTarget, type HttpEvent } from "../../../../../lib/aws/http/event.ts";

const signal = new AbortController().signal;
const rest = (more: object): HttpEvent => ({ httpMethod: "GET", path: "/", ...more });
const url = (rawPath: string, rawQueryString = "", stage?: string): HttpEvent => ({
  version: "2.0",
  rawPath,
  rawQueryString,
  requestContext: { ...(stage === undefined ? {} : { stage }), http: { method: "GET" } },
});
const request = (event: HttpEvent) => new EventRequest(event, eventTarget(event), signal);

describe("the target of a REST API's event", () => {
  const cases = [
    { name: "a path", event: { path: "/api/v1/pods" }, want: "/api/v1/pods" },
    { name: "a path encoded as it was sent", event: { path: "/apis/a/v1/b%3Ac%2Fd" }, want: "/apis/a/v1/b%3Ac%2Fd" },
    {
      name: "a path that was decoded on its way",
      event: { path: "/api/v1/pods/a b?c#d" },
      want: "/api/v1/pods/a%20b%3Fc%23d",
    },
    { name: "nothing", event: { path: "" }, want: "/" },
    {
      name: "a query",
      event: { path: "/a", queryStringParameters: { labelSelector: "a in (b, c),d=e&f", watch: "" } },
      want: "/a?labelSelector=a%20in%20(b%2C%20c)%2Cd%3De%26f&watch=",
    },
    {
      name: "a query with several values of a name",
      event: {
        path: "/a",
        queryStringParameters: { dryRun: "None", x: "1" },
        multiValueQueryStringParameters: { dryRun: ["All", "None"], x: ["1"] },
      },
      want: "/a?dryRun=All&dryRun=None&x=1",
    },
    { name: "no query", event: { path: "/a", multiValueQueryStringParameters: null }, want: "/a" },
  ];
  it.each(cases)("$name", ({ event, want }) => expect(eventTarget(rest(event))).toBe(want));
});

describe("the target of a function URL's event", () => {
  const cases = [
    {
      name: "path and query as they were sent",
      event: url("/api/v1/pods", "a=b%20c&a=d"),
      want: "/api/v1/pods?a=b%20c&a=d",
    },
    { name: "without the stage", event: url("/prod/api/v1", "", "prod"), want: "/api/v1" },
    { name: "the stage alone", event: url("/prod", "", "prod"), want: "/" },
    { name: "what only begins like the stage", event: url("/production", "", "prod"), want: "/production" },
    { name: "the default stage has no prefix", event: url("/$default", "", "$default"), want: "/$default" },
  ];
  it.each(cases)("$name", ({ event, want }) => expect(eventTarget(event)).toBe(want));
});

describe("a request", () => {
  it("has the headers of a REST API's event, each with all its values", () => {
    const made = request(
      rest({
        headers: { Accept: "b", "Impersonate-Group": "g2" },
        multiValueHeaders: { Accept: ["a", "b"], "Impersonate-Group": ["g,1", "g2"] },
        requestContext: { identity: { sourceIp: "198.51.100.7" } },
      }),
    );
    expect(made.header("accept")).toBe("a, b");
    expect(made.headerValues("impersonate-group")).toEqual(["g,1", "g2"]);
    expect(made.headerValues("nothing")).toEqual([]);
    expect(made.header("nothing")).toBeUndefined();
    expect([...made.headerNames()].sort()).toEqual(["accept", "impersonate-group"]);
    expect(made.remoteAddress).toBe("198.51.100.7");
    expect(made.signal).toBe(signal);
  });

  it("has single headers where nothing else is given", () => {
    expect(request(rest({ headers: { Accept: "a" }, multiValueHeaders: null })).header("accept")).toBe("a");
  });

  it("has the joined headers of a function URL's event taken apart", () => {
    const made = request({
      version: "2.0",
      rawPath: "/",
      headers: { "Impersonate-Group": "a,b , c" },
      requestContext: { http: { method: "PATCH", sourceIp: "198.51.100.8" } },
    });
    expect(made.method).toBe("PATCH");
    expect(made.headerValues("impersonate-group")).toEqual(["a", "b", "c"]);
    expect(made.remoteAddress).toBe("198.51.100.8");
  });

  const bytes = [0x6b, 0x38, 0x73, 0x00, 0xff];
  const bodies = [
    { name: "text", event: { body: "{ä}" }, want: [...Buffer.from("{ä}")] },
    {
      name: "base64",
      event: { body: Buffer.from(bytes).toString("base64"), isBase64Encoded: true },
      want: bytes,
    },
    { name: "none", event: { body: null }, want: [] },
  ];
  it.each(bodies)("has a body: $name", async ({ event, want }) => {
    expect([...(await request(rest(event)).bytes(100))]).toEqual(want);
  });

  it("refuses a body over the limit with 413, and takes one at the limit", async () => {
    const made = request(rest({ body: "12345" }));
    expect((await made.bytes(5)).length).toBe(5);
    await expect(made.bytes(4)).rejects.toMatchObject({ code: 413 });
  });
});
