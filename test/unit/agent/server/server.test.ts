import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { PodFolders } from "../../../../agent/pods/folders.ts";
import { type KeyPair, selfSigned } from "../../../../agent/server/certificate.ts";
import { type NodeServer, serveNode } from "../../../../agent/server/server.ts";
import { FakeRuntime } from "../fake-runtime.ts";
import { container, pod } from "../objects.ts";

let folder: string;
let server: NodeServer;
let runtime: FakeRuntime;
const apiServer = selfSigned("kube-apiserver", ["127.0.0.1"], Date.now());
const stranger = selfSigned("kube-apiserver", ["127.0.0.1"], Date.now());
const user = selfSigned("admin", ["127.0.0.1"], Date.now());

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "coracle-server-"));
  const clientCa = join(folder, "ca.crt");
  writeFileSync(clientCa, apiServer.cert + user.cert);
  runtime = new FakeRuntime();
  const found = pod(
    { containers: [container("main"), container("waits")] },
    {
      status: {
        containerStatuses: [
          {
            name: "waits",
            image: "",
            imageID: "",
            ready: false,
            restartCount: 0,
            state: { waiting: { reason: "ImagePullBackOff" } },
          },
        ],
      },
    },
  );
  server = await serveNode({
    port: 0,
    address: "127.0.0.1",
    nodeName: "n",
    addresses: ["127.0.0.1"],
    clientCa,
    folders: new PodFolders(folder),
    runtime,
    findPod: (namespace, name) => (namespace === "shop" && name === "web" ? found : undefined),
  });
  const labels = { "io.kubernetes.pod.uid": "u1", "io.kubernetes.container.name": "main" };
  const logPath = join(folder, "0.log");
  writeFileSync(logPath, "2026-01-01T00:00:00Z stdout F hello\n");
  const config = { metadata: { name: "main", attempt: 0 }, labels, annotations: {}, logPath };
  await runtime.startContainer(await runtime.createContainer("box", config as never));
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function get(
  path: string,
  client: KeyPair | undefined = apiServer,
  method = "GET",
): Promise<[number | undefined, string]> {
  return new Promise((resolve, reject) => {
    const options = {
      host: "127.0.0.1",
      port: server.port,
      path,
      method,
      rejectUnauthorized: false,
      agent: false,
      ...client,
    };
    const call = request(options, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve([response.statusCode, text]));
    });
    call.on("error", reject);
    call.end();
  });
}

it("gives a log to the API server", async () => {
  expect(await get("/containerLogs/shop/web/main")).toEqual([200, "hello\n"]);
});

it.each([
  { name: "nobody", client: null },
  { name: "who has another authority's certificate", client: stranger },
  { name: "a user of the cluster", client: user },
])("gives nothing to $name", async ({ client }) => {
  const call =
    client === null ? get("/containerLogs/shop/web/main", {} as KeyPair) : get("/containerLogs/shop/web/main", client);
  expect(await call).toEqual([401, "Unauthorized"]);
});

it.each([
  { path: "/containerLogs/shop/none/main", want: [404, 'pod "none" not found'] },
  { path: "/containerLogs/shop/web/none", want: [400, "container none is not valid for pod web"] },
  {
    path: "/containerLogs/shop/web/main?previous=true",
    want: [400, 'previous terminated container "main" in pod "web" not found'],
  },
  {
    path: "/containerLogs/shop/web/waits",
    want: [400, 'container "waits" in pod "web" is waiting to start: trying and failing to pull image'],
  },
  { path: "/containerLogs/shop/web/main?tailLines=-1", want: [400, 'tailLines takes a whole number, not "-1"'] },
  { path: "/other", want: [404, "404 page not found"] },
])("$path", async ({ path, want }) => {
  expect(await get(path)).toEqual(want);
});

it("is healthy to everybody, and takes GET alone", async () => {
  expect(await get("/healthz", {} as KeyPair)).toEqual([200, "ok"]);
  expect((await get("/containerLogs/shop/web/main", apiServer, "DELETE"))[0]).toBe(405);
});
