import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ServerRequest } from "../../../../lib/apimachinery/http.ts";
import { readHead } from "../../../../lib/local/client-error.ts";
import { type HttpsServer, serveHttps } from "../../../../lib/local/https-server.ts";
import { adminSubject, openPki, type Pki } from "../../../../lib/local/pki.ts";

let folder: string;
let pki: Pki;
let server: HttpsServer;
const asked: ServerRequest[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "coracle-client-error-"));
  pki = openPki(folder, { serviceAddress: "10.96.0.1" });
  server = await serveHttps({
    handler: async (request) => {
      asked.push(request);
      return { status: 405, headers: { "Content-Type": "text/plain", Warning: ["one", "two"] }, body: "nö" };
    },
    key: pki.server.key,
    certificate: pki.server.certificate,
    clientCa: pki.ca,
    address: "127.0.0.1",
    port: 0,
  });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

/** Sends the text as the admin and gives all that comes until the server ends the connection. */
function exchange(text: string): Promise<string> {
  const { key, certificate } = pki.client("admin", adminSubject);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port: server.port, ca: pki.ca, key, cert: certificate });
    let answer = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk) => {
      answer += chunk;
    });
    socket.on("end", () => resolve(answer));
    socket.on("error", reject);
    socket.write(text);
  });
}

test("a method that the parser does not know reaches the handler, with all that is known of its request", async () => {
  const answer = await exchange("FOO /a?b=c HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nx-a:2 \r\nContent-Length: 2\r\n\r\n{}");
  expect(answer).toBe(
    "HTTP/1.1 405 Method Not Allowed\r\nContent-Type: text/plain\r\nWarning: one\r\nWarning: two\r\n" +
      "Content-Length: 3\r\nConnection: close\r\n\r\nnö",
  );
  const [request] = asked.splice(0);
  expect([request.method, request.path, request.header("x-a"), request.headerValues("x-a")]).toEqual([
    "FOO",
    "/a?b=c",
    "1, 2",
    ["1", "2"],
  ]);
  expect(request.headerNames()).toEqual(["host", "x-a", "content-length"]);
  expect(request.certificate?.commonName).toBe(adminSubject.commonName);
  expect(await request.bytes(10)).toHaveLength(0);
});

test("a method that is known has its own way", async () => {
  const answer = await exchange("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  expect(answer).toMatch(/^HTTP\/1.1 405 .*nö$/s);
  expect(asked.splice(0)).toHaveLength(1);
});

test.each([
  { name: "no HTTP at all", text: "hello\r\n\r\n", want: "400 Bad Request" },
  { name: "a header without colon", text: "FOO / HTTP/1.1\r\nwhat\r\n\r\n", want: "400 Bad Request" },
  {
    name: "a header too long",
    text: `GET / HTTP/1.1\r\nX: ${"x".repeat(70_000)}\r\n\r\n`,
    want: "431 Request Header Fields Too Large",
  },
])("$name is refused as unreadable", async ({ text, want }) => {
  expect(await exchange(text)).toBe(`HTTP/1.1 ${want}\r\nConnection: close\r\n\r\n`);
  expect(asked).toEqual([]);
});

test.each([
  "FOO / HTTP/1.1\r\nA: b\r\n",
  "F\u0000O / HTTP/1.1\r\n\r\n",
  "FOO / HTTP/1.0\r\n\r\n",
  "",
])("%j is no head", (text) => {
  expect(readHead(Buffer.from(text))).toBeUndefined();
});
