import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StatusError } from "../../../../lib/apimachinery/errors.ts";
import { createHttpClient, type HttpClient } from "../../../../lib/client/http.ts";
import { configmaps } from "../../../../lib/openapi/types/resources.ts";

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

let server: Server;
let client: HttpClient;
let folder: string;
let answer: Answer;
let url: string;
const seen: { method?: string; url?: string; headers: IncomingMessage["headers"]; body: string }[] = [];

beforeEach(async () => {
  seen.length = 0;
  folder = mkdtempSync(join(tmpdir(), "http-client-"));
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const { method, url, headers } = request;
      seen.push({ ...(method ? { method } : {}), ...(url ? { url } : {}), headers, body });
      answer(request, response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = createHttpClient({ server: `${url}/clusters/a`, token: "secret", timeoutMs: 500 });
});

afterEach(async () => {
  client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

const json = (status: number, body: unknown, headers = {}): Answer => {
  return (_, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(body));
  };
};

const object = { kind: "ConfigMap", apiVersion: "v1", metadata: { name: "a", namespace: "x", resourceVersion: "7" } };

describe("HTTP client", () => {
  it("sends what was asked for, under the server's path prefix, with its token", async () => {
    answer = json(200, object);
    await client.get(configmaps, { namespace: "x", name: "a" });
    await client.create(configmaps, { metadata: { name: "a", namespace: "x" }, data: { k: "ü" } });
    await client.patch(configmaps, { namespace: "x", name: "a" }, "merge", { data: null }, { fieldManager: "m m" });
    await client.delete(configmaps, { namespace: "x", name: "a" }, { uid: "u", propagationPolicy: "Foreground" });
    const path = "/clusters/a/api/v1/namespaces/x/configmaps";
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `GET ${path}/a`,
      `POST ${path}`,
      `PATCH ${path}/a?fieldManager=m%20m`,
      `DELETE ${path}/a`,
    ]);
    expect(seen.every(({ headers }) => headers.authorization === "Bearer secret")).toBe(true);
    expect(JSON.parse(seen[1].body)).toEqual({
      kind: "ConfigMap",
      apiVersion: "v1",
      metadata: { name: "a", namespace: "x" },
      data: { k: "ü" },
    });
    expect(seen[2].headers["content-type"]).toBe("application/merge-patch+json");
    expect(JSON.parse(seen[3].body)).toMatchObject({ preconditions: { uid: "u" }, propagationPolicy: "Foreground" });
  });

  it("gives list items their kind, and the place to watch from", async () => {
    const { kind: _, apiVersion: __, ...item } = object;
    answer = json(200, { kind: "ConfigMapList", metadata: { resourceVersion: "9", continue: "c" }, items: [item] });
    const list = await client.list(configmaps, { labelSelector: "a=b,c!=d", limit: 1 });
    expect(list).toEqual({ items: [object], resourceVersion: "9", continue: "c" });
    expect(seen[0].url).toBe("/clusters/a/api/v1/configmaps?labelSelector=a%3Db%2Cc!%3Dd&limit=1");
  });

  it("throws the server's Status", async () => {
    answer = json(404, { kind: "Status", status: "Failure", reason: "NotFound", message: "no a", code: 404 });
    const error = await client.get(configmaps, { namespace: "x", name: "a" }).catch((error) => error);
    expect(error).toBeInstanceOf(StatusError);
    expect([error.code, error.reason, error.message]).toEqual([404, "NotFound", "no a"]);
  });

  it("makes a Status of an answer that has none", async () => {
    answer = (_, response) => {
      response.writeHead(503);
      response.end("busy\n");
    };
    const error = await client.request<StatusError>("GET", "/readyz").catch((error: StatusError) => error);
    expect([error.code, error.reason, error.message]).toEqual([503, "ServiceUnavailable", "busy"]);
  });

  it("waits as long as the server says and tries again", async () => {
    answer = (request, response, body) => {
      if (seen.length < 3) json(429, { kind: "Status", code: 429 }, { "retry-after": "0.01" })(request, response, body);
      else json(200, object)(request, response, body);
    };
    await client.get(configmaps, { namespace: "x", name: "a" });
    expect(seen).toHaveLength(3);
  });

  it("says which call failed when nobody answers, or too late", async () => {
    answer = () => {};
    await expect(client.request("GET", "/slow?x=1")).rejects.toThrow(
      `GET ${url}/clusters/a/slow: no answer within 0.5 s`,
    );
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await expect(client.request("GET", "/gone")).rejects.toThrow(/^GET .*\/gone: connect ECONNREFUSED/);
  });

  it("watches: one event a line however it is cut, errors thrown, ended by the signal", async () => {
    const lines = [
      { type: "ADDED", object },
      { type: "BOOKMARK", object: { metadata: { resourceVersion: "8" } } },
    ].map((event) => `${JSON.stringify(event)}\n`);
    answer = async (_, response) => {
      response.writeHead(200);
      const text = lines.join("");
      for (const part of [text.slice(0, 10), text.slice(10, -5), text.slice(-5)]) {
        response.write(part);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const ending = new AbortController();
    const types: string[] = [];
    for await (const event of client.watch(configmaps, { resourceVersion: "7" }, ending.signal)) {
      types.push(event.type);
      if (types.length === 2) ending.abort();
    }
    expect(types).toEqual(["ADDED", "BOOKMARK"]);
    expect(seen[0].url).toBe("/clusters/a/api/v1/configmaps?watch=true&resourceVersion=7");
    answer = (_, response) => {
      const status = { kind: "Status", code: 410, reason: "Expired", message: "too old" };
      response.end(`${JSON.stringify({ type: "ERROR", object: status })}\n`);
    };
    const again = async () => {
      for await (const _ of client.watch(configmaps, {}, new AbortController().signal));
    };
    await expect(again()).rejects.toMatchObject({ code: 410, reason: "Expired" });
  });

  it("gives raw answers as they arrive", async () => {
    answer = (_, response) => {
      response.writeHead(200, { "content-type": "text/plain" });
      response.end("line 1\nline 2\n");
    };
    const { status, headers, body } = await client.rawRequest({ method: "GET", path: "/log" });
    let text = "";
    for await (const chunk of body) text += Buffer.from(chunk as Uint8Array).toString();
    expect([status, headers["content-type"], text]).toEqual([200, "text/plain", "line 1\nline 2\n"]);
  });

  it("asks for a token at each call where it is given somebody to ask", async () => {
    answer = json(200, object);
    let count = 0;
    const tokenProvider = async () => {
      if (++count === 3) throw new Error("no credentials");
      return `token-${count}`;
    };
    const other = createHttpClient({ server: url, token: "secret", tokenProvider });
    await other.get(configmaps, { namespace: "x", name: "a" });
    await other.get(configmaps, { namespace: "x", name: "a" });
    expect(seen.map(({ headers }) => headers.authorization)).toEqual(["Bearer token-1", "Bearer token-2"]);
    await expect(other.get(configmaps, { namespace: "x", name: "a" })).rejects.toThrow("no credentials");
    other.close();
  });

  it("reads its token from a file", async () => {
    const tokenFile = join(folder, "token");
    writeFileSync(tokenFile, "from-file\n");
    const other = createHttpClient({ server: url, tokenFile });
    answer = json(200, {});
    await other.request("GET", "/");
    other.close();
    expect(seen[0].headers.authorization).toBe("Bearer from-file");
  });

  it("sends a read again when the kept connection has been closed meanwhile", async () => {
    answer = json(200, object);
    await client.get(configmaps, { namespace: "x", name: "a" });
    let cut = true;
    answer = (request, response, body) => {
      if (cut) {
        cut = false;
        request.socket.destroy();
      } else json(200, object)(request, response, body);
    };
    await client.get(configmaps, { namespace: "x", name: "a" });
    expect(seen).toHaveLength(3);
  });

  it("wants a server", () => {
    expect(() => createHttpClient({})).toThrow("no server: give the client a server or a kubeconfig");
  });
});
