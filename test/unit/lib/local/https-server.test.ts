import { createHash, X509Certificate } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { Agent, type RequestOptions, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { StatusError } from "../../../../lib/apimachinery/errors.ts";
import type { Handler, ServerRequest } from "../../../../lib/apimachinery/http.ts";
import { type HttpsServer, serveHttps } from "../../../../lib/local/https-server.ts";
import { adminSubject, openPki, type Pki } from "../../../../lib/local/pki.ts";

let folder: string;
let pki: Pki;
let agent: Agent;
let server: HttpsServer | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "coracle-https-"));
  pki = openPki(folder, { serviceAddress: "10.96.0.1" });
  agent = new Agent({ keepAlive: true, ca: pki.ca });
});
afterEach(async () => {
  agent.destroy();
  await server?.close();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function listen(handler: Handler, port = 0): Promise<HttpsServer> {
  const { key, certificate } = pki.server;
  server = await serveHttps({ handler, key, certificate, clientCa: pki.ca, address: "127.0.0.1", port });
  return server;
}

function send(options: RequestOptions, body = ""): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port: server?.port, agent, ...options }, resolve);
    sent.on("error", reject);
    sent.end(body);
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of response) text += chunk;
  return text;
}

const ok = (body: string) => ({ status: 200, headers: { "Content-Type": "text/plain" }, body });

test("method, path, headers and body reach the handler; connections are kept", async () => {
  await listen(async (asked) => {
    const body = Buffer.from(await asked.bytes(100)).toString();
    return ok([asked.method, asked.path, asked.header("x-a"), body].join(" "));
  });
  const answers: string[] = [];
  const ports = new Set<number | undefined>();
  for (const body of ["one", "two"]) {
    const response = await send({ method: "POST", path: "/a?b=c", headers: { "X-A": "d" } }, body);
    ports.add(response.socket.localPort);
    answers.push(await textOf(response));
  }
  expect(answers).toEqual(["POST /a?b=c d one", "POST /a?b=c d two"]);
  expect(ports.size).toBe(1);
});

test("a certificate of the CA names the client; no certificate is no obstacle", async () => {
  const certificates: ServerRequest["certificate"][] = [];
  await listen(async (asked) => {
    certificates.push(asked.certificate);
    return ok("");
  });
  await textOf(await send({}));
  const { key, certificate } = pki.client("admin", adminSubject);
  await textOf(await send({ agent: new Agent({ ca: pki.ca, key, cert: certificate }) }));
  const otherFolder = join(folder, "others");
  mkdirSync(otherFolder);
  const others = openPki(otherFolder, { serviceAddress: "10.96.0.1" }).client("admin", adminSubject);
  await textOf(await send({ agent: new Agent({ ca: pki.ca, key: others.key, cert: others.certificate }) }));
  const fingerprint = createHash("sha256").update(new X509Certificate(certificate).raw).digest("hex");
  expect(certificates).toEqual([undefined, { ...adminSubject, fingerprint }, undefined]);
});

test("a body above the limit is refused", async () => {
  await listen(async (asked) => {
    try {
      await asked.bytes(10);
      return ok("");
    } catch (error) {
      return { ...ok((error as StatusError).reason), status: (error as StatusError).code };
    }
  });
  const response = await send({ method: "POST" }, "x".repeat(11));
  expect([response.statusCode, await textOf(response)]).toEqual([413, "RequestEntityTooLarge"]);
});

test("a stream is sent as it comes, and its handler hears of the client's going", async () => {
  let gone = false;
  const ended = Promise.withResolvers<void>();
  await listen(async (asked) => {
    const events = async function* () {
      try {
        yield "first\n";
        await new Promise<void>((resolve) => asked.signal.addEventListener("abort", () => resolve()));
        gone = true;
      } finally {
        ended.resolve();
      }
    };
    return { ...ok(""), body: events() };
  });
  const response = await send({});
  const [chunk] = await new Promise<Buffer[]>((resolve) => response.once("data", (data) => resolve([data])));
  expect(String(chunk)).toBe("first\n");
  response.destroy();
  await ended.promise;
  expect(gone).toBe(true);
});

test("a port that is taken says what to do", async () => {
  const { port } = await listen(async () => ok(""));
  const first = server;
  await expect(listen(async () => ok(""), port)).rejects.toThrow(new RegExp(`${port}`));
  server = first;
});
