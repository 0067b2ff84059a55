/** Answers DNS over UDP and TCP: the cluster's names itself, all others by asking the machine's servers. */
import { createSocket, type Socket } from "node:dgram";
import { connect, createServer, type Server, type Socket as TcpSocket } from "node:net";
import { parseQuery, type Query, response, responseCode } from "./message.ts";
import { answerFromZone, type ZoneSource } from "./zone.ts";

/** How to serve. */
export interface DnsOptions {
  readonly address: string;
  /** 0: a free one. */
  readonly port: number;
  readonly domain: string;
  readonly source: ZoneSource;
  /** The machine's servers, `ADDRESS` or `ADDRESS:PORT`, in the order they are asked. */
  readonly upstreams: () => readonly string[];
}

/** A server that answers. */
export interface DnsServer {
  readonly port: number;
  close(): Promise<void>;
}

const upstreamTimeoutMs = 2000;
const maxTcpBytes = 65_535;
const idleMs = 10_000;

/** Listens on both protocols. Rejects where the address can't be had. */
export async function serveDns(options: DnsOptions): Promise<DnsServer> {
  const { udp, tcp, port } = await listen(options);
  udp.on("message", (bytes, from) => {
    void answer(bytes, options, false).then((reply) => {
      if (reply) udp.send(reply, from.port, from.address, () => {});
    });
  });
  tcp.on("connection", (socket) => serveTcp(socket, options));
  return {
    port,
    close: async () => {
      await new Promise<void>((resolve) => udp.close(() => resolve()));
      await new Promise<void>((resolve) => tcp.close(() => resolve()));
    },
  };
}

async function listen({ address, port }: DnsOptions): Promise<{ udp: Socket; tcp: Server; port: number }> {
  const tcp = createServer();
  await new Promise<void>((resolve, reject) => {
    tcp.once("error", reject);
    tcp.listen(port, address, resolve);
  });
  const found = (tcp.address() as { port: number }).port;
  const udp = createSocket("udp4");
  await new Promise<void>((resolve, reject) => {
    udp.once("error", reject);
    udp.bind(found, address, resolve);
  });
  udp.on("error", () => {});
  return { udp, tcp, port: found };
}

function serveTcp(socket: TcpSocket, options: DnsOptions): void {
  let pending: Buffer = Buffer.alloc(0);
  socket.setTimeout(idleMs, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("data", (bytes) => {
    pending = Buffer.concat([pending, bytes]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const length = pending.readUInt16BE(0);
      const message = pending.subarray(2, 2 + length);
      pending = pending.subarray(2 + length);
      void answer(message, options, true).then((reply) => {
        if (reply && !socket.destroyed) socket.write(framed(reply));
      });
    }
  });
}

function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(message.length);
  return Buffer.concat([head, message]);
}

/** undefined: nothing is sent. */
async function answer(bytes: Buffer, options: DnsOptions, tcp: boolean): Promise<Buffer | undefined> {
  let query: Query;
  try {
    query = parseQuery(bytes);
  } catch {
    return undefined;
  }
  const limit = tcp ? maxTcpBytes : query.maxBytes;
  if (query.opcode !== 0) return response(query, { code: responseCode.notImplemented, answers: [] }, limit);
  const { name, type } = query.question;
  const own = answerFromZone(name, type, options.domain, options.source);
  if (own !== undefined) return response(query, own, limit);
  for (const upstream of options.upstreams()) {
    try {
      return await ask(upstream, bytes, tcp);
    } catch {
      // The next one may answer.
    }
  }
  return response(query, { code: responseCode.serverFailure, answers: [] }, limit);
}

/** Sends a query on as it is and gives the reply as it came. */
export function ask(upstream: string, bytes: Buffer, tcp: boolean): Promise<Buffer> {
  const [host, port = "53"] =
    upstream.includes("]") || upstream.split(":").length > 2 ? [upstream] : upstream.split(":");
  return tcp ? askTcp(host, Number(port), bytes) : askUdp(host, Number(port), bytes);
}

function askUdp(host: string, port: number, bytes: Buffer): Promise<Buffer> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  return new Promise<Buffer>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("timed out")), upstreamTimeoutMs);
    const done = (act: () => void) => {
      clearTimeout(timer);
      act();
    };
    socket.once("error", (error) => done(() => reject(error)));
    // Connected: nobody else's reply is taken.
    socket.connect(port, host, () => socket.send(bytes));
    socket.on("message", (reply) => {
      if (reply.length >= 2 && reply.readUInt16BE(0) === bytes.readUInt16BE(0)) done(() => resolve(reply));
    });
  }).finally(() => socket.close());
}

function askTcp(host: string, port: number, bytes: Buffer): Promise<Buffer> {
  const socket = connect({ host, port, timeout: upstreamTimeoutMs });
  return new Promise<Buffer>((resolve, reject) => {
    let pending: Buffer = Buffer.alloc(0);
    socket.on("timeout", () => reject(new Error("timed out")));
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("closed")));
    socket.on("connect", () => socket.write(framed(bytes)));
    socket.on("data", (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      if (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
        resolve(pending.subarray(2, 2 + pending.readUInt16BE(0)));
      }
    });
  }).finally(() => socket.destroy());
}
