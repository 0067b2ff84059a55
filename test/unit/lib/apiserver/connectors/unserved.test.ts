import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../../../../support/api-server.ts";

const inDefault = "/api/v1/namespaces/default";
let api: TestServer;

beforeAll(async () => {
  api = await startTestServer();
  await api.send("POST", `${inDefault}/serviceaccounts`, { metadata: { name: "default" } });
  const containers = [{ name: "c", image: "i" }];
  const podOf = (name: string, spec: object) =>
    api.send("POST", `${inDefault}/pods`, { metadata: { name }, spec: { containers, ...spec } });
  await podOf("free", {});
  await podOf("two", { containers: [...containers, { name: "d", image: "i" }] });
  await podOf("lost", { nodeName: "gone" });
  await podOf("bound", { nodeName: "n1" });
  const status = { status: { phase: "Running", podIP: "10.0.0.7" } };
  await api.send("PATCH", `${inDefault}/pods/bound/status`, status);
  await api.send("POST", "/api/v1/nodes", { metadata: { name: "n1" } });
  const addresses = [{ type: "InternalIP", address: "10.0.0.1" }];
  const daemonEndpoints = { kubeletEndpoint: { Port: 10250 } };
  await api.send("PATCH", "/api/v1/nodes/n1/status", { status: { addresses, daemonEndpoints } });
  for (const name of ["none", "empty", "full"]) {
    await api.send("POST", `${inDefault}/services`, { metadata: { name }, spec: { ports: [{ port: 80 }] } });
  }
  const subsets = [{ addresses: [{ ip: "10.0.0.7" }], ports: [{ port: 80 }] }];
  await api.send("POST", `${inDefault}/endpoints`, { metadata: { name: "empty" } });
  await api.send("POST", `${inDefault}/endpoints`, { metadata: { name: "full" }, subsets });
});
afterAll(() => api.close());

const noHost = "pod free does not have a host assigned";
const choose = "a container name must be specified for pod two, choose one of: [c d]";
const nothing = "the server could not find the requested resource";

test.each([
  ["pods/free/exec?command=ls", 400, noHost],
  ["pods/free/attach", 400, noHost],
  ["pods/free/portforward", 400, noHost],
  ["pods/free/proxy/", 400, "address not allowed"],
  ["pods/two/exec?command=ls", 400, choose],
  ["pods/two/exec?command=ls&container=x", 400, "container x is not valid for pod two"],
  ["pods/lost/exec?command=ls", 404, 'pods "gone" not found'],
  ["pods/lost/portforward", 404, 'pods "gone" not found'],
  ["pods/none/exec?command=ls", 404, 'pods "none" not found'],
  ["pods/bound/exec?command=ls", 404, nothing],
  ["pods/bound/attach", 404, nothing],
  ["pods/bound/portforward", 404, nothing],
  ["pods/bound/proxy/", 404, nothing],
  ["pods/bound/log", 404, nothing],
  ["services/gone/proxy/", 404, 'services "gone" not found'],
  ["services/none/proxy/", 404, 'services "none" not found'],
  ["services/http:none:80/proxy/", 404, 'services "none" not found'],
  ["services/empty:80/proxy/", 503, 'no endpoints available for service "empty"'],
  ["services/full/proxy/", 404, nothing],
])("%s: %i %s", async (path, status, message) => {
  expect(await api.send("GET", `${inDefault}/${path}`)).toMatchObject({ status, body: { message } });
});
