/** Runs one check or hook against a container: exec, HTTP, TCP, gRPC (upstream: pkg/probe, kubelet/lifecycle). */
import { request as httpRequest, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { credentials, Client as GrpcClient } from "@grpc/grpc-js";
import type {
  Container,
  ExecAction,
  GRPCAction,
  HTTPGetAction,
  TCPSocketAction,
} from "../../../lib/openapi/types/core-v1.ts";
import { RuntimeError, type RuntimeService } from "../../runtime/cri/client.ts";

/** What a check found. "warning": it passed, with something to say. "error": it could not be made. */
export interface CheckResult {
  readonly result: "success" | "warning" | "failure" | "error";
  readonly output: string;
}

/** Against what to check. */
export interface CheckTarget {
  readonly runtime: RuntimeService;
  readonly container: Container;
  readonly containerId: string;
  readonly podIp: string;
  readonly timeoutMs: number;
}

/** A handler of a probe or hook: exactly one is set. */
export interface CheckHandler {
  readonly exec?: ExecAction;
  readonly httpGet?: HTTPGetAction;
  readonly tcpSocket?: TCPSocketAction;
  readonly grpc?: GRPCAction;
}

const maxOutputBytes = 10 * 1024;

/** Makes the check. Never rejects. */
export async function check(handler: CheckHandler, target: CheckTarget): Promise<CheckResult> {
  try {
    if (handler.exec) return await execCheck(handler.exec, target);
    if (handler.httpGet) return await httpCheck(handler.httpGet, target);
    if (handler.tcpSocket) {
      const host = handler.tcpSocket.host || target.podIp;
      return await tcpCheck(host, portOf(handler.tcpSocket.port, target.container), target.timeoutMs);
    }
    if (handler.grpc) return await grpcCheck(handler.grpc, target);
    return { result: "error", output: `missing probe handler for ${target.container.name}` };
  } catch (error) {
    return { result: "error", output: (error as Error).message };
  }
}

/** A port by number, or by its name among the container's. Throws an Error where there is none. */
export function portOf(port: number | string, container: Container): number {
  const number = typeof port === "number" ? port : /^\d+$/.test(port) ? Number(port) : undefined;
  const found = number ?? container.ports?.find(({ name }) => name === port)?.containerPort;
  if (found === undefined)
    throw new Error(`couldn't find port: ${JSON.stringify(port)} in container ${container.name}`);
  if (found < 1 || found > 65535) throw new Error(`invalid port number: ${found}`);
  return found;
}

async function execCheck(
  { command = [] }: ExecAction,
  { runtime, containerId, timeoutMs }: CheckTarget,
): Promise<CheckResult> {
  try {
    const { stdout, stderr, exitCode } = await runtime.execSync(containerId, command, Math.ceil(timeoutMs / 1000));
    const output = Buffer.concat([stdout, stderr]).subarray(0, maxOutputBytes).toString();
    return { result: exitCode === 0 ? "success" : "failure", output };
  } catch (error) {
    if (error instanceof RuntimeError && error.code === 4) {
      return {
        result: "failure",
        output: `command timed out: "${command.join(" ")}" timed out after ${timeoutMs / 1000}s`,
      };
    }
    throw error;
  }
}

function httpCheck(action: HTTPGetAction, target: CheckTarget): Promise<CheckResult> {
  const scheme = action.scheme === "HTTPS" ? "https" : "http";
  const host = action.host || target.podIp;
  const path = action.path?.startsWith("/") ? action.path : `/${action.path ?? ""}`;
  const url = new URL(
    path,
    `${scheme}://${host.includes(":") ? `[${host}]` : host}:${portOf(action.port, target.container)}`,
  );
  const headers: Record<string, string> = { "User-Agent": "kube-probe/1.36", Accept: "*/*", Connection: "close" };
  for (const { name, value } of action.httpHeaders ?? []) headers[name] = value;
  return get(url, headers, target.timeoutMs, 0);
}

function get(url: URL, headers: Record<string, string>, timeoutMs: number, redirects: number): Promise<CheckResult> {
  const at = `Get "${url.href}"`;
  return new Promise((resolve) => {
    const options: RequestOptions & { rejectUnauthorized: boolean } = {
      headers,
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
      // A probe asks whether something serves, not who it is.
      rejectUnauthorized: false,
    };
    const request = (url.protocol === "https:" ? httpsRequest : httpRequest)(url, options, (response) => {
      const { statusCode = 0 } = response;
      response.destroy();
      const location = response.headers.location;
      if (statusCode >= 300 && statusCode < 400 && location && redirects < 10) {
        const next = new URL(location, url);
        if (next.hostname === url.hostname) return resolve(get(next, headers, timeoutMs, redirects + 1));
        return resolve({ result: "warning", output: `Probe terminated redirects, Response body: ` });
      }
      if (statusCode >= 200 && statusCode < 400) return resolve({ result: "success", output: "" });
      resolve({ result: "failure", output: `HTTP probe failed with statuscode: ${statusCode}` });
    });
    request.on("error", (error) => resolve({ result: "failure", output: `${at}: ${networkText(error, url.host)}` }));
    request.end();
  });
}

function networkText(error: Error, address: string): string {
  const { code, name } = error as NodeJS.ErrnoException;
  if (name === "AbortError" || name === "TimeoutError") {
    return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
  }
  const words: Record<string, string> = {
    ECONNREFUSED: `dial tcp ${address}: connect: connection refused`,
    EHOSTUNREACH: `dial tcp ${address}: connect: no route to host`,
    ETIMEDOUT: `dial tcp ${address}: i/o timeout`,
    ECONNRESET: `read tcp ${address}: read: connection reset by peer`,
  };
  return words[code ?? ""] ?? error.message;
}

function tcpCheck(host: string, port: number, timeoutMs: number): Promise<CheckResult> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const done = (result: CheckResult) => {
      socket.destroy();
      resolve(result);
    };
    const address = `${host}:${port}`;
    socket.setTimeout(timeoutMs, () => done({ result: "failure", output: `dial tcp ${address}: i/o timeout` }));
    socket.once("connect", () => done({ result: "success", output: "" }));
    socket.once("error", (error) => done({ result: "failure", output: networkText(error, address) }));
  });
}

const servingStatus = 1;

/** grpc.health.v1.Health/Check. Its messages have one field each, so they are coded here. */
function grpcCheck({ port, service = "" }: GRPCAction, { podIp, timeoutMs }: CheckTarget): Promise<CheckResult> {
  const address = `${podIp}:${port}`;
  const client = new GrpcClient(address, credentials.createInsecure());
  const name = Buffer.from(service);
  const body = name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      "/grpc.health.v1.Health/Check",
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => (bytes[0] === 0x08 ? bytes[1] : 0),
      body,
      { deadline: Date.now() + timeoutMs },
      (error, status) => {
        client.close();
        if (!error && status === servingStatus) return resolve({ result: "success", output: "service healthy" });
        if (!error)
          return resolve({
            result: "failure",
            output: `service unhealthy (responded with "${healthNames[status ?? 0]}")`,
          });
        const text =
          error.code === 4 || error.code === 14
            ? `timeout: failed to connect service "${address}" within ${timeoutMs / 1000}s`
            : error.details;
        resolve({ result: "failure", output: text });
      },
    );
  });
}

const healthNames = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];
