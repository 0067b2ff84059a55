import { gunzipSync } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Answerer, type AnswerLimits, bufferedLimits } from "../../../../lambdas/wiring/answer.ts";
import { type CloudCluster, type Clusters, UnknownCluster } from "../../../../lambdas/wiring/cluster.ts";
import { newConflict } from "../../../../lib/apimachinery/errors.ts";
import type { Handler, ServerRequest, ServerResponse } from "../../../../lib/apimachinery/http.ts";

const headers = { "Content-Type": "application/json" };
const json = (value: unknown): ServerResponse => ({ status: 200, headers, body: JSON.stringify(value) });
const invocation = { getRemainingTimeInMillis: () => 60_000 };
const path = "/api/v1/namespaces/default/pods";
const watchQuery = { queryStringParameters: { watch: "true" } };

const event = (more: object = {}) => ({
  httpMethod: "GET",
  path,
  headers: { Authorization: "Bearer very-secret" },
  body: "very-secret",
  ...more,
});

/** An answerer whose clusters are all answered by the handler. */
function answerer(handle: Handler, limits: Partial<AnswerLimits> = {}, get?: Clusters["get"]): Answerer {
  const clusters: Clusters = {
    names: [],
    get: get ?? (async (name) => ({ name, api: { handle } }) as CloudCluster),
    close: async () => {},
  };
  return new Answerer(clusters, { ...bufferedLimits, ...limits });
}

/** A watch as the API core's: it ends by the request's signal. */
function watching(request: ServerRequest, events: readonly string[]): ServerResponse {
  async function* body() {
    yield* events;
    if (!request.signal.aborted) await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
    yield "end\n";
  }
  return { status: 200, headers, body: body() };
}

const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
afterEach(() => logged.mockClear());

describe("a whole answer", () => {
  it("is the API core's, asked at the path within the cluster", async () => {
    const asked: string[] = [];
    const get = async (name: string) => {
      asked.push(name);
      return { api: { handle: async ({ path: target }: ServerRequest) => json(target) } } as CloudCluster;
    };
    const through = answerer(async () => json(0), {}, get);
    const result = await through.buffered(event({ path: `/clusters/blue${path}` }), invocation);
    expect(result).toEqual({
      statusCode: 200,
      multiValueHeaders: { "Content-Type": ["application/json"] },
      body: JSON.stringify(path),
      isBase64Encoded: false,
    });
    await through.buffered(event(), invocation);
    expect(asked).toEqual(["blue", "default"]);
  });

  it("is 404 for a cluster that is not served", async () => {
    const get = () => Promise.reject(new UnknownCluster('cluster "red" is not served'));
    const { statusCode, body } = await answerer(async () => json(0), {}, get).buffered(event(), invocation);
    expect(statusCode).toBe(404);
    expect(JSON.parse(body)).toMatchObject({
      kind: "Status",
      reason: "NotFound",
      message: 'cluster "red" is not served',
    });
    expect(logged).not.toHaveBeenCalled();
  });

  it("is a Status that says nothing of its inside where something fails, which is logged without secrets", async () => {
    const failures = [
      answerer(
        async () => json(0),
        {},
        () => Promise.reject(new Error("the table is gone")),
      ),
      answerer(() => Promise.reject(new Error("the table is gone"))),
      answerer(async () => ({ status: 200, headers, body: broken() })),
    ];
    async function* broken() {
      yield "{";
      throw new Error("the table is gone");
    }
    for (const failing of failures) {
      logged.mockClear();
      const { statusCode, body } = await failing.buffered(event(), invocation);
      expect(statusCode).toBe(500);
      expect(JSON.parse(body)).toMatchObject({ kind: "Status", reason: "InternalError" });
      expect(body).not.toContain("table");
      const lines = logged.mock.calls.flat();
      expect(lines).toMatchObject([{ error: "Error", message: "the table is gone" }]);
      expect(JSON.stringify(lines)).not.toContain("very-secret");
    }
  });

  it("is an API error's own Status", async () => {
    const conflict = newConflict({ group: "", resource: "pods" }, "a", "no");
    const failing = answerer(
      async () => json(0),
      {},
      () => Promise.reject(conflict),
    );
    expect((await failing.buffered(event(), invocation)).statusCode).toBe(409);
  });

  it("is 504 where it takes too long, or the function's end comes near", async () => {
    const never = () => new Promise<ServerResponse>(() => undefined);
    const late = await answerer(never, { requestMs: 5 }).buffered(event(), invocation);
    expect(late.statusCode).toBe(504);
    expect(JSON.parse(late.body)).toMatchObject({ reason: "Timeout" });
    const nearEnd = { getRemainingTimeInMillis: () => 10 };
    expect((await answerer(never).buffered(event(), nearEnd)).statusCode).toBe(504);
  });

  it("has no body where HEAD asks for it", async () => {
    const result = await answerer(async () => json("text")).buffered(event({ httpMethod: "HEAD" }), invocation);
    expect(result).toMatchObject({ statusCode: 200, body: "" });
  });

  const large = "a".repeat(200_000);

  it("is compressed where it is large and the client takes it", async () => {
    const asked = event({ headers: { "Accept-Encoding": "gzip" } });
    const result = await answerer(async () => json(large)).buffered(asked, invocation);
    expect(result).toMatchObject({ statusCode: 200, isBase64Encoded: true });
    expect(result.multiValueHeaders?.["Content-Encoding"]).toEqual(["gzip"]);
    expect(gunzipSync(Buffer.from(result.body, "base64")).toString()).toBe(JSON.stringify(large));
  });

  it("is 413 where Lambda would not take it, as JSON within JSON", async () => {
    const limited = (body: string, bufferedBytes: number) =>
      answerer(async () => json(body), { bufferedBytes }).buffered(event(), invocation);
    expect((await limited(large, 210_000)).statusCode).toBe(200);
    const refused = await limited(large, 190_000);
    expect(refused.statusCode).toBe(413);
    expect(JSON.parse(refused.body)).toMatchObject({ kind: "Status", reason: "RequestEntityTooLarge" });
    expect((await limited('"'.repeat(60_000), 190_000)).statusCode).toBe(413);
  });

  it("of a watch is what has happened, shortly after its first event", async () => {
    const watch = answerer(async (request) => watching(request, ["one\n", "two\n"]), { settleMs: 5 });
    expect((await watch.buffered(event(watchQuery), invocation)).body).toBe("one\ntwo\nend\n");
  });

  it("of a watch without events ends before the function does", async () => {
    const watch = answerer(async (request) => watching(request, []), { marginMs: 59_990 });
    expect((await watch.buffered(event(watchQuery), invocation)).body).toBe("end\n");
  });
});

describe("a streamed answer", () => {
  const text = async (chunks: AsyncIterable<Uint8Array>) => {
    let all = "";
    for await (const chunk of chunks) all += Buffer.from(chunk);
    return all;
  };

  it("is whole, and compressed, where it is no watch", async () => {
    const asked = event({ headers: { "Accept-Encoding": "gzip" } });
    const { body, multiValueHeaders } = await answerer(async () => json("a".repeat(200_000))).streamed(
      asked,
      invocation,
    );
    expect(multiValueHeaders?.["Content-Encoding"]).toEqual(["gzip"]);
    expect(gunzipSync(Buffer.concat(await body.toArray())).length).toBe(200_002);
  });

  it("of a watch comes as it happens, and ends before the function does", async () => {
    const watch = answerer(async (request) => watching(request, ["one\n"]), { marginMs: 59_900 });
    const { statusCode, body } = await watch.streamed(event(watchQuery), invocation);
    expect(statusCode).toBe(200);
    expect(await text(body)).toBe("one\nend\n");
  });

  it("is a Status where something fails", async () => {
    const failing = answerer(
      async () => json(0),
      {},
      () => Promise.reject(new Error("no")),
    );
    const { statusCode, body } = await failing.streamed(event(), invocation);
    expect(statusCode).toBe(500);
    expect(JSON.parse(await text(body))).toMatchObject({ reason: "InternalError" });
  });
});
