/** The node's HTTPS server: what the API server asks the node for (upstream: kubelet/server). */
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { pipeline, Readable } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Pod } from "../../lib/openapi/types/core-v1.ts";
import type { PodFolders } from "../pods/folders.ts";
import type { RuntimeService } from "../runtime/cri/client.ts";
import { selfSigned } from "./certificate.ts";
import { readLog } from "./log-reader.ts";
import { loggedContainer, logOptions, RequestError } from "./log-request.ts";

/** How to serve. */
export interface NodeServerOptions {
  /** 0: a free one. */
  readonly port: number;
  readonly address: string;
  readonly nodeName: string;
  readonly addresses: readonly string[];
  /** PEM file of the authority whose clients may ask; without it nobody may. */
  readonly clientCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly folders: PodFolders;
  readonly runtime: RuntimeService;
  readonly findPod: (namespace: string, name: string) => Pod | undefined;
}

/** A server that listens. */
export interface NodeServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens. Rejects where the port can't be had or a file can't be read. */
export async function serveNode(options: NodeServerOptions): Promise<NodeServer> {
  const own = options.tlsCert && options.tlsKey;
  const pair = own
    ? { cert: readFileSync(options.tlsCert ?? "", "utf8"), key: readFileSync(options.tlsKey ?? "", "utf8") }
    : selfSigned(options.nodeName, options.addresses, Date.now());
  const ca = options.clientCa === undefined ? undefined : readFileSync(options.clientCa, "utf8");
  const server = createServer({ ...pair, ca, requestCert: true, rejectUnauthorized: false, minVersion: "TLSv1.2" });
  server.on("request", (request, response) => void handle(request, response, options, ca !== undefined));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.address, resolve);
  });
  return { port: (server.address() as { port: number }).port, close: () => close(server) };
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  options: NodeServerOptions,
  hasAuthority: boolean,
): Promise<void> {
  try {
    const url = new URL(request.url ?? "/", "https://node");
    if (url.pathname === "/healthz") return void response.end("ok");
    if (!hasAuthority || !isApiServer(request.socket as TLSSocket)) throw new RequestError(401, "Unauthorized");
    if (request.method !== "GET") throw new RequestError(405, "Method Not Allowed");
    const [, route, ...rest] = url.pathname.split("/").map(decodeURIComponent);
    if (route !== "containerLogs" || rest.length !== 3) throw new RequestError(404, "404 page not found");
    await logs(request, response, options, rest as [string, string, string], url.searchParams);
  } catch (error) {
    const code = error instanceof RequestError ? error.code : 500;
    if (response.headersSent) return void response.destroy();
    response.writeHead(code, { "Content-Type": "text/plain; charset=utf-8" });
    response.end((error as Error).message);
  }
}

/** Users and nodes have certificates of the same authority: only these names are the API server's. */
const apiServerNames = ["kube-apiserver", "kube-apiserver-kubelet-client"];

function isApiServer(socket: TLSSocket): boolean {
  return socket.authorized && apiServerNames.includes(String(socket.getPeerCertificate().subject?.CN ?? ""));
}

async function logs(
  request: IncomingMessage,
  response: ServerResponse,
  { runtime, findPod }: NodeServerOptions,
  [namespace, podName, containerName]: [string, string, string],
  query: URLSearchParams,
): Promise<void> {
  const pod = findPod(namespace, podName);
  if (pod === undefined) throw new RequestError(404, `pod "${podName}" not found`);
  const options = logOptions(query, Date.now());
  const container = await loggedContainer(runtime, pod, containerName, options.previous);
  const gone = new AbortController();
  request.once("close", () => gone.abort());
  response.once("close", () => gone.abort());
  const running = async () => {
    try {
      return (await runtime.containerStatus(container.id)).state === "CONTAINER_RUNNING";
    } catch {
      return false;
    }
  };
  response.writeHead(200, { "Content-Type": "text/plain" });
  response.flushHeaders();
  const bytes = Readable.from(readLog(container.logPath, options, running, gone.signal), { objectMode: false });
  pipeline(bytes, response, () => gone.abort());
}
