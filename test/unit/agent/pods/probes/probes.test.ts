import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { Server as GrpcServer, ServerCredentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type CheckHandler, check, portOf } from "../../../../../agent/pods/probes/handlers.ts";
import { FakeRuntime } from "../../fake-runtime.ts";
import { container } from "../../objects.ts";

let server: Server;
let port: number;
const seen: Record<string, unknown>[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push(request.headers);
    if (request.url === "/slow") return;
    const [, code, location] = /^\/(\d+)(?:\?to=(.*))?$/.exec(request.url ?? "") ?? [];
    response.writeHead(Number(code ?? 200), location ? { Location: decodeURIComponent(location) } : {}).end("x");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const target = (more = {}) => ({
  runtime: new FakeRuntime(),
  container: container("main", { ports: [{ name: "web", containerPort: port }] }),
  containerId: "c",
  podIp: "127.0.0.1",
  timeoutMs: 300,
  ...more,
});
const http = (path: string, more = {}): CheckHandler => ({ httpGet: { path, port, ...more } });

it.each([
  { name: "200", path: "/200", want: { result: "success" } },
  { name: "399", path: "/399", want: { result: "success" } },
  { name: "404", path: "/404", want: { result: "failure", output: "HTTP probe failed with statuscode: 404" } },
  { name: "redirect here", path: "/302?to=%2F200", want: { result: "success" } },
  { name: "redirect here that fails", path: "/302?to=%2F500", want: { result: "failure" } },
  { name: "redirect elsewhere", path: "/302?to=http%3A%2F%2Fexample.com%2F", want: { result: "warning" } },
  {
    name: "too slow",
    path: "/slow",
    want: { result: "failure", output: expect.stringContaining("context deadline exceeded") },
  },
])("HTTP: $name", async ({ path, want }) => {
  expect(await check(http(path), target())).toMatchObject(want);
});

it("HTTP: sends headers and a kubelet's name, to a port by its name", async () => {
  seen.length = 0;
  await check({ httpGet: { path: "200", port: "web", httpHeaders: [{ name: "X-A", value: "b" }] } }, target());
  expect(seen[0]).toMatchObject({ "user-agent": "kube-probe/1.36", "x-a": "b" });
});

it("a port that nobody listens on", async () => {
  const free = createTcpServer();
  await new Promise<void>((resolve) => free.listen(0, "127.0.0.1", resolve));
  const closed = (free.address() as AddressInfo).port;
  await new Promise((resolve) => free.close(resolve));
  const refused = `dial tcp 127.0.0.1:${closed}: connect: connection refused`;
  expect(await check({ tcpSocket: { port: closed } }, target())).toEqual({ result: "failure", output: refused });
  const want = { result: "failure", output: `Get "http://127.0.0.1:${closed}/": ${refused}` };
  expect(await check({ httpGet: { port: closed } }, target())).toEqual(want);
});

it("TCP", async () => {
  expect(await check({ tcpSocket: { port: "web" } }, target())).toEqual({ result: "success", output: "" });
});

it("exec: the exit code counts, the output is told", async () => {
  const runtime = new FakeRuntime();
  const id = await runtime.createContainer("box", { metadata: { name: "main", attempt: 0 }, labels: {} } as never);
  const run = (command: string[]) => check({ exec: { command } }, target({ runtime, containerId: id }));
  expect(await run(["true", "fine"])).toEqual({ result: "success", output: "fine" });
  expect(await run(["false", "bad"])).toEqual({ result: "failure", output: "bad" });
  expect(await check({ exec: { command: ["true"] } }, target({ containerId: "none" }))).toMatchObject({
    result: "error",
  });
});

it("gRPC: the health service's answer counts", async () => {
  const grpc = new GrpcServer();
  const raw = (bytes: Buffer) => bytes;
  const asked: string[] = [];
  const Check = {
    path: "/grpc.health.v1.Health/Check",
    requestStream: false,
    responseStream: false,
    requestSerialize: raw,
    requestDeserialize: raw,
    responseSerialize: raw,
    responseDeserialize: raw,
  };
  grpc.addService({ Check }, {
    Check: (call: { request: Buffer }, done: (error: null, answer: Buffer) => void) => {
      asked.push(call.request.subarray(2).toString());
      done(null, Buffer.from([0x08, asked.at(-1) === "bad" ? 2 : 1]));
    },
  } as never);
  const grpcPort = await new Promise<number>((resolve, reject) =>
    grpc.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  expect(await check({ grpc: { port: grpcPort } }, target())).toEqual({ result: "success", output: "service healthy" });
  const bad = await check({ grpc: { port: grpcPort, service: "bad" } }, target());
  expect(bad).toEqual({ result: "failure", output: 'service unhealthy (responded with "NOT_SERVING")' });
  expect(asked).toEqual(["", "bad"]);
  grpc.forceShutdown();
});

it("says which port it does not find", () => {
  expect(() => portOf("none", container("main"))).toThrow('couldn\'t find port: "none" in container main');
  expect(portOf("80", container("main"))).toBe(80);
});
