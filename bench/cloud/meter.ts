/** Passes requests on to DynamoDB or SQS and counts them: who asked for what, and what capacity that took. */
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";

/** One request. */
export interface Call {
  /** The access key that signed it: each function's process has one of its own. */
  readonly key: string;
  /** `GetItem`, `ReceiveMessage` */
  readonly action: string;
  /** DynamoDB's units; 0 of SQS. */
  readonly readUnits: number;
  readonly writeUnits: number;
}

/** A meter that listens. */
export interface Meter {
  readonly url: string;
  /** The calls that have ended since the last `take`. */
  take(): Call[];
  stop(): Promise<void>;
}

const reads = new Set(["GetItem", "Query", "BatchGetItem", "Scan", "TransactGetItems"]);

/** Starts one before `target` (`http://127.0.0.1:8000`). */
export async function startMeter(target: string): Promise<Meter> {
  let calls: Call[] = [];
  const { hostname, port } = new URL(target);
  const server = createServer(async (incoming, outgoing) => {
    const { headers, method, url: path } = incoming;
    const [service, action = ""] = String(headers["x-amz-target"] ?? "").split(".");
    const body = asking(service, await whole(incoming));
    const length = { "content-length": String(body.length) };
    const onward = request({ hostname, port, method, path, headers: { ...headers, ...length } }, async (answer) => {
      const text = await whole(answer);
      calls.push({ key: keyOf(String(headers.authorization)), action, ...units(service, action, text) });
      outgoing.writeHead(answer.statusCode ?? 502, { ...answer.headers, "content-length": text.length }).end(text);
    });
    onward.on("error", () => outgoing.destroy());
    outgoing.on("close", () => onward.destroy());
    onward.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take: () => {
      const taken = calls;
      calls = [];
      return taken;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function whole(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** DynamoDB says what a request took where it is asked to. */
function asking(service: string, body: Buffer): Buffer {
  if (!service.startsWith("DynamoDB")) return body;
  return Buffer.from(JSON.stringify({ ...JSON.parse(body.toString()), ReturnConsumedCapacity: "TOTAL" }));
}

function units(service: string, action: string, answer: Buffer): Pick<Call, "readUnits" | "writeUnits"> {
  if (!service.startsWith("DynamoDB")) return { readUnits: 0, writeUnits: 0 };
  const { ConsumedCapacity = [] } = JSON.parse(answer.toString() || "{}");
  const taken = [ConsumedCapacity].flat().reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
  return reads.has(action) ? { readUnits: taken, writeUnits: 0 } : { readUnits: 0, writeUnits: taken };
}

const keyOf = (authorization: string) => /Credential=([^/]+)\//.exec(authorization)?.[1] ?? "";
