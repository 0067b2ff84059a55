/** The bundle of λ api under AWS' own runtime client, on DynamoDB Local. */
import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type CloudCluster, type Clusters, openClusters } from "../../../lambdas/wiring/cluster.ts";
import { readEnvironment } from "../../../lambdas/wiring/environment.ts";
import { createTable } from "../../../lib/aws/dynamodb/create-table.ts";
import { bundle, putData } from "../../../lib/cdk/bundle.ts";
import { findKubectl } from "../../../lib/local/kubectl.ts";
import { configmaps, nodes } from "../../../lib/openapi/types/resources.ts";
import { type CountingProxy, startCountingProxy } from "../../support/counting-proxy.ts";
import { type DynamoDBLocal, startDynamoDBLocal } from "../../support/dynamodb-local.ts";
import { type LambdaFunction, type StreamedAnswer, startFunction } from "../../support/lambda-runtime.ts";

// Java and several processes share the machine with all other tests.
vi.setConfig({ testTimeout: 120_000 });

const admin = { username: "admin", groups: ["system:masters"] };
const collection = "/api/v1/namespaces/default/configmaps";
const environment = {
  TABLE_NAME: "table",
  API_URL: "https://192.0.2.2/prod",
  SIGNING_KEY_PEM: generateKeyPairSync("ec", { namedCurve: "P-256" })
    .privateKey.export({ type: "pkcs8", format: "pem" })
    .toString(),
  ADMIN_TOKEN: "token",
  BOOKMARK_SECONDS: "0.2",
  BUFFERED_WATCH_SECONDS: "20",
};

let folder: string;
let dynamodb: DynamoDBLocal;
let proxy: CountingProxy;
let clusters: Clusters;
let cluster: CloudCluster;
let function_: LambdaFunction;

const start = (mode: "stream" | "buffered") =>
  startFunction(folder, {
    ...environment,
    WATCH_MODE: mode,
    AWS_ENDPOINT_URL_DYNAMODB: proxy.url,
    AWS_REGION: "local",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
  });

const event = (method: string, path: string, query: Record<string, string> = {}) => ({
  httpMethod: method,
  path,
  headers: { Authorization: "Bearer token" },
  queryStringParameters: query,
  requestContext: { identity: { sourceIp: "198.51.100.7" } },
  body: null,
  isBase64Encoded: false,
});

const authorized = { Authorization: ["Bearer token"] };

const create = (name: string) => cluster.client(admin).create(configmaps, { metadata: { name, namespace: "default" } });

/** The lines of a watch as they come. */
class Lines {
  readonly #chunks: AsyncIterator<Buffer>;
  #text = "";

  constructor({ body }: StreamedAnswer) {
    this.#chunks = body[Symbol.asyncIterator]();
  }

  /** The next event; undefined at the end. */
  async next(): Promise<
    { type: string; object: { metadata: { name?: string; resourceVersion: string } } } | undefined
  > {
    for (;;) {
      const end = this.#text.indexOf("\n");
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return JSON.parse(line);
      }
      const { done, value } = await this.#chunks.next();
      if (done) return undefined;
      this.#text += value;
    }
  }

  /** The next event that is no bookmark. */
  async change() {
    for (let one = await this.next(); ; one = await this.next()) if (one?.type !== "BOOKMARK") return one;
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "coracle-api-"));
  bundle("lambdas/api.ts", join(folder, "index.mjs"));
  putData(["facts", "objects", "descriptions"], folder);
  dynamodb = await startDynamoDBLocal();
  await createTable("table", dynamodb.client);
  proxy = await startCountingProxy(dynamodb.client.endpoint);
  clusters = openClusters(readEnvironment(environment), { store: { client: dynamodb.client } });
  cluster = await clusters.get("default");
  function_ = await start("stream");
}, 300_000);

afterAll(async () => {
  await function_?.stop();
  await clusters?.close();
  await proxy?.stop();
  await dynamodb?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Begins a watch from now on. */
async function watch(query: Record<string, string> = {}, timeoutMs?: number, of: LambdaFunction = function_) {
  const { resourceVersion } = await cluster.client(admin).list(configmaps, { namespace: "default" });
  const asked = event("GET", collection, { watch: "true", resourceVersion, ...query });
  const invocation = of.invoke(asked, timeoutMs);
  const answer = await invocation.streamed;
  return { invocation, answer, lines: new Lines(answer) };
}

describe("a streamed watch", () => {
  test("sends its head while nothing happens, then each change as it happens, and ends at its timeout", async () => {
    const { invocation, answer, lines } = await watch({ timeoutSeconds: "4" });
    expect(answer.head).toMatchObject({ statusCode: 200 });
    expect(answer.head.multiValueHeaders?.["Content-Type"]).toEqual(["application/json"]);
    for (const name of ["one", "two", "three"]) {
      await create(name);
      expect(await lines.change()).toMatchObject({ type: "ADDED", object: { metadata: { name } } });
    }
    expect(await lines.change()).toBeUndefined();
    await invocation.done;
  });

  test("gets bookmarks while nothing happens, also at its end", async () => {
    const { lines, invocation } = await watch({ allowWatchBookmarks: "true", timeoutSeconds: "2" });
    const { resourceVersion } = (await create("marked")).metadata;
    expect(await lines.change()).toMatchObject({ object: { metadata: { name: "marked" } } });
    const rest: unknown[] = [];
    for (let one = await lines.next(); one; one = await lines.next()) rest.push(one);
    expect(rest.length).toBeGreaterThan(2);
    for (const one of rest) expect(one).toMatchObject({ type: "BOOKMARK", object: { metadata: { resourceVersion } } });
    await invocation.done;
  });

  test("that nobody reads ends before the function does, and leaves nothing that runs on", async () => {
    const begunAt = Date.now();
    const { invocation, answer } = await watch({}, 5_000);
    // Lambda takes what is said, and the client that it was for is gone.
    void read(answer);
    await invocation.done;
    expect(Date.now() - begunAt).toBeLessThan(5_000);
    await expectQuiet();
    const version = await function_.invoke(event("GET", "/version")).streamed;
    expect(version.head.statusCode).toBe(200);
    expect(JSON.parse(await read(version))).toMatchObject({ major: "1" });
  });

  test("ends at once where the connection breaks", async () => {
    const broken = await start("stream");
    try {
      const { answer, invocation, lines } = await watch({}, 60_000, broken);
      await create("heard");
      expect(await lines.next()).toMatchObject({ object: { metadata: { name: "heard" } } });
      answer.abandon();
      // AWS' client takes a broken connection badly and ends the process; either way nobody is left.
      await invocation.done.catch((error) => expect(String(error)).toContain("socket hang up"));
      await expectQuiet();
    } finally {
      await broken.stop();
    }
  });
});

test("kubectl get -w shows each change as it happens", async () => {
  await create("before");
  const own = await start("stream");
  const gateway = await startGateway(own);
  const command = findKubectl(join(import.meta.dirname, "../../../node_modules/.cache/kubectl"), () => {});
  const flags = ["--kubeconfig", "/dev/null", "--cache-dir", join(folder, "kubectl"), "--server", gateway.url];
  const args = ["get", "configmaps", "--watch", "--output-watch-events"];
  const kubectl = spawn(command, [...flags, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let shown = "";
  for (const stream of [kubectl.stdout, kubectl.stderr]) stream.on("data", (data) => (shown += data));
  const showsUp = (line: RegExp) => vi.waitFor(() => expect(shown).toMatch(line), { timeout: 60_000, interval: 20 });
  try {
    await showsUp(/ADDED +before /);
    for (const name of ["seen-1", "seen-2"]) {
      await create(name);
      await showsUp(new RegExp(`ADDED +${name} `));
    }
    await cluster.client(admin).delete(configmaps, { namespace: "default", name: "seen-1" });
    await showsUp(/DELETED +seen-1 /);
    expect(kubectl.exitCode).toBeNull();
  } finally {
    kubectl.kill();
    await gateway.close();
    await own.stop();
  }
});

/** API Gateway, as far as kubectl needs one that streams: each request is an event, its answer is passed on as it comes. */
async function startGateway(of: LambdaFunction) {
  const server = createServer(async ({ method = "", url = "" }, response) => {
    const [path, query = ""] = url.split(/\?(.*)/s);
    const asked = event(method, path, Object.fromEntries(new URLSearchParams(query)));
    try {
      const { head, body } = await of.invoke(asked, 60_000).streamed;
      response.writeHead(head.statusCode, head.multiValueHeaders).flushHeaders();
      for await (const chunk of body) response.write(chunk);
      response.end();
    } catch {
      response.destroy();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Chunks end anywhere, in the middle of a letter too. */
async function bytes({ body }: StreamedAnswer): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const read = async (answer: StreamedAnswer) => (await bytes(answer)).toString();

/** No request reaches the table for longer than a quiet watch pauses: the one thing that only time can tell. */
async function expectQuiet(): Promise<void> {
  const before = proxy.count();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(proxy.count()).toBe(before);
}

describe("a streamed answer that is no watch", () => {
  test("comes whole, with all its headers", async () => {
    const answer = await function_.invoke(event("GET", `${collection}/missing`)).streamed;
    expect(answer.head.statusCode).toBe(404);
    expect(JSON.parse(await read(answer))).toMatchObject({ kind: "Status", reason: "NotFound" });
  });

  test("is a head alone where HEAD asks", async () => {
    const answer = await function_.invoke(event("HEAD", "/readyz")).streamed;
    expect([await read(answer), answer.head.statusCode]).toEqual(["", 200]);
  });

  test("may be larger than what Lambda takes as a whole, and is as good compressed", async () => {
    const client = cluster.client(admin);
    const namespace = "kube-public";
    const data = { text: "\u00e4\u20ac\u{1f600}".repeat(100_000) };
    const names = Array.from({ length: 8 }, (_, index) => `large-${index}`);
    await Promise.all(names.map((name) => client.create(configmaps, { metadata: { name, namespace }, data })));
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    const body = await read(await function_.invoke(event("GET", path)).streamed);
    expect(Buffer.byteLength(body)).toBeGreaterThan(6 * 1024 * 1024);
    const items: { metadata: { name: string }; data: object }[] = JSON.parse(body).items;
    const large = items.filter(({ metadata }) => names.includes(metadata.name));
    expect(large.map((one) => JSON.stringify(one.data) === JSON.stringify(data))).toEqual(names.map(() => true));
    const asked = { ...event("GET", path), multiValueHeaders: { ...authorized, "accept-encoding": ["gzip"] } };
    const zipped = await function_.invoke(asked).streamed;
    const unzipped = gunzipSync(await bytes(zipped)).toString();
    expect(unzipped === body).toBe(true);
    expect(zipped.head.multiValueHeaders).toMatchObject({ "Content-Encoding": ["gzip"], Vary: ["Accept-Encoding"] });
  });

  test("knows bodies that are no text, as the gateway hands them over", async () => {
    const field = (number: number, value: Uint8Array) =>
      Buffer.concat([Buffer.from([(number << 3) | 2, value.length]), value]);
    const kind = Buffer.concat([field(1, Buffer.from("v1")), field(2, Buffer.from("ConfigMap"))]);
    const bytes = Buffer.from([0, 0xff, 0x80]);
    const entry = Buffer.concat([field(1, Buffer.from("raw")), field(2, bytes)]);
    const object = Buffer.concat([field(1, field(1, Buffer.from("binary"))), field(3, entry)]);
    const body = Buffer.concat([Buffer.from("k8s\0"), field(1, kind), field(2, object)]);
    const headers = { ...authorized, "content-type": ["application/vnd.kubernetes.protobuf"] };
    const sent = { multiValueHeaders: headers, body: body.toString("base64"), isBase64Encoded: true };
    const answer = await function_.invoke({ ...event("POST", collection), ...sent }).streamed;
    expect(JSON.parse(await read(answer))).toMatchObject({ binaryData: { raw: bytes.toString("base64") } });
  });

  test("knows headers and parameters that come more than once", async () => {
    const headers = { ...authorized, "Impersonate-User": ["jane"], "Impersonate-Group": ["a,b", "c"] };
    const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    const review = JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" });
    const sent = { multiValueHeaders: { ...headers, "content-type": ["application/json"] }, body: review };
    const who = await function_.invoke({ ...event("POST", path), ...sent }).streamed;
    expect(JSON.parse(await read(who)).status.userInfo).toMatchObject({
      username: "jane",
      groups: ["a,b", "c", "system:authenticated"],
    });
    const parameters = { multiValueQueryStringParameters: { dryRun: ["All", "All"] } };
    const body = JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "dry" } });
    const dry = await function_.invoke({ ...event("POST", collection), ...sent, ...parameters, body }).streamed;
    expect([await read(dry), dry.head.statusCode]).toEqual([expect.stringContaining("jane"), 403]);
  });

  test("is a Status, and no stream, where a watch cannot begin", async () => {
    const asked = { watch: "true", resourceVersion: "nonsense" };
    const refused = await function_.invoke(event("GET", collection, asked)).streamed;
    expect(JSON.parse(await read(refused))).toMatchObject({ kind: "Status", code: refused.head.statusCode });
    const nobody = { ...event("GET", collection, { watch: "true" }), headers: { Authorization: "Bearer wrong" } };
    const unknown = await function_.invoke(nobody).streamed;
    expect(JSON.parse(await read(unknown))).toMatchObject({ reason: "Unauthorized", code: unknown.head.statusCode });
  });

  test("is 501 where a way into a node is needed", async () => {
    await cluster.client(admin).create(nodes, { metadata: { name: "n1" }, spec: {} });
    const answer = await function_.invoke(event("GET", "/api/v1/nodes/n1/proxy/stats")).streamed;
    expect(answer.head.statusCode).toBe(501);
    expect(JSON.parse(await read(answer)).message).toContain("nodes cannot be reached");
  });
});

test("a function that the gateway buffers answers a watch with what has happened, and a bookmark", async () => {
  const buffered = await start("buffered");
  try {
    const { resourceVersion } = await cluster.client(admin).list(configmaps, { namespace: "default" });
    await create("held");
    const query = { watch: "true", resourceVersion, allowWatchBookmarks: "true" };
    const result = JSON.parse(await buffered.invoke(event("GET", collection, query)).whole);
    expect(result.statusCode).toBe(200);
    const lines = result.body
      .trimEnd()
      .split("\n")
      .map((line: string) => JSON.parse(line));
    expect(lines.filter(({ type }: { type: string }) => type !== "BOOKMARK")).toMatchObject([
      { type: "ADDED", object: { metadata: { name: "held" } } },
    ]);
    const [added, bookmark] = lines.slice(-2);
    expect(bookmark).toMatchObject({ type: "BOOKMARK", object: { metadata: {} } });
    expect(bookmark.object.metadata.resourceVersion).toBe(added.object.metadata.resourceVersion);
  } finally {
    await buffered.stop();
  }
});
