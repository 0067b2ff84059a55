/** Each verb through the whole function, on a store in memory. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { corpusServer } from "../../../../corpus/server.ts";

let server: Awaited<ReturnType<typeof corpusServer>>;
beforeAll(async () => {
  server = await corpusServer();
});
afterAll(() => server.close());

const path = "/api/v1/namespaces/default/configmaps";

function send(
  method: string,
  target: string,
  body?: unknown,
  headers: Record<string, string> = {},
  signal = new AbortController().signal,
) {
  const text = typeof body === "string" ? body : body === undefined ? "" : JSON.stringify(body);
  const all: Record<string, string> = { authorization: "Bearer admintoken", ...headers };
  return server.handle({
    method,
    path: target,
    header: (name) => all[name],
    headerValues: (name) => (all[name] === undefined ? [] : [all[name]]),
    headerNames: () => Object.keys(all),
    bytes: async () => Buffer.from(text),
    signal,
  });
}

async function json(method: string, target: string, body?: unknown, headers?: Record<string, string>) {
  const response = await send(method, target, body, headers);
  return { status: response.status, body: JSON.parse(response.body as string) };
}

const configMap = (name: string, more: object = {}) => ({ metadata: { name, ...more }, data: { k: "v" } });

test("a long list comes in pieces and is the same list", async () => {
  const many = "/api/v1/namespaces/kube-public/configmaps";
  const before = (await json("GET", many)).body.items.length;
  for (let n = 0; n < 70; n++) await json("POST", many, configMap(`long-${String(n).padStart(2, "0")}`));
  const { status, body, headers } = await send("GET", many);
  const pieces: string[] = [];
  for await (const piece of body as AsyncIterable<string>) pieces.push(piece);
  const list = JSON.parse(pieces.join(""));
  const page = await json("GET", `${many}?limit=30`);
  expect(status).toBe(200);
  expect(headers["Content-Type"]).toBe("application/json");
  expect(pieces.length).toBeGreaterThan(2);
  expect(list).toMatchObject({
    kind: "ConfigMapList",
    apiVersion: "v1",
    metadata: { resourceVersion: expect.stringMatching(/^\d+$/) },
  });
  expect(list.items).toHaveLength(before + 70);
  expect(list.items.slice(0, 30)).toEqual(page.body.items);
});

describe("create, get, update", () => {
  test("an object comes back as it was stored", async () => {
    const created = await json("POST", path, configMap("a"));
    expect(created.status).toBe(201);
    expect((await json("GET", `${path}/a`)).body).toEqual(created.body);
  });
  test("a generated name is a new one each time", async () => {
    const body = { metadata: { generateName: "g-" } };
    const names = [await json("POST", path, body), await json("POST", path, body)].map((one) => one.body.metadata.name);
    expect(names[0]).toMatch(/^g-[a-z0-9]{5}$/);
    expect(names[0]).not.toBe(names[1]);
  });
  test("an old resourceVersion is a conflict; nothing is stored", async () => {
    const { body } = await json("POST", path, configMap("stale"));
    await json("PUT", `${path}/stale`, { ...body, data: { k: "w" } });
    const answer = await json("PUT", `${path}/stale`, { ...body, data: { k: "x" } });
    expect(answer).toMatchObject({ status: 409, body: { reason: "Conflict" } });
    expect((await json("GET", `${path}/stale`)).body.data).toEqual({ k: "w" });
  });
  test("an update that changes nothing keeps the resourceVersion", async () => {
    const { body } = await json("POST", path, configMap("same"));
    expect((await json("PUT", `${path}/same`, body)).body).toEqual(body);
  });
  test("a dry run stores nothing", async () => {
    expect((await json("POST", `${path}?dryRun=All`, configMap("dry"))).status).toBe(201);
    expect((await json("GET", `${path}/dry`)).status).toBe(404);
  });
});

describe("bodies that nest too deeply are bad requests, and nothing is stored", () => {
  const deep = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`;
  test.each([
    ["POST", path, "application/json", `{"metadata":{"name":"deep"},"data":${deep}}`],
    ["POST", path, "application/yaml", `metadata: {name: deep}\ndata: ${deep}`],
    ["PATCH", `${path}/nest`, "application/merge-patch+json", `{"data":${deep}}`],
    ["PATCH", `${path}/nest`, "application/strategic-merge-patch+json", `{"data":${deep}}`],
    ["PATCH", `${path}/nest`, "application/json-patch+json", `[{"op":"add","path":"/data","value":${deep}}]`],
    ["DELETE", `${path}/nest`, "application/json", `{"preconditions":${deep}}`],
  ])("%s %s %s", async (method, target, type, body) => {
    if (method !== "POST") await json("POST", path, configMap("nest"));
    const answer = await json(method, target, body, { "content-type": type });
    expect([answer.status, answer.body.reason]).toEqual([400, "BadRequest"]);
    expect(answer.body.message).toContain("exceeded max depth");
    expect((await json("GET", `${path}/deep`)).status).toBe(404);
    if (method !== "POST") expect((await json("GET", `${path}/nest`)).body.data).toEqual({ k: "v" });
  });
});

test("concurrent patches are all kept", async () => {
  await json("POST", path, configMap("counted"));
  const headers = { "content-type": "application/merge-patch+json" };
  const keys = ["a", "b", "c", "d"];
  const answers = await Promise.all(
    keys.map((key) => json("PATCH", `${path}/counted`, { data: { [key]: "1" } }, headers)),
  );
  expect(answers.map(({ status }) => status)).toEqual(keys.map(() => 200));
  expect(Object.keys((await json("GET", `${path}/counted`)).body.data).sort()).toEqual([...keys, "k"]);
});

test("pages show one state, whatever is written meanwhile", async () => {
  const labels = { page: "yes" };
  for (const name of ["p1", "p2", "p3"]) await json("POST", path, configMap(name, { labels }));
  const query = "labelSelector=page%3Dyes&limit=2";
  const first = await json("GET", `${path}?${query}`);
  await json("DELETE", `${path}/p3`);
  await json("POST", path, configMap("p4", { labels }));
  const second = await json("GET", `${path}?${query}&continue=${first.body.metadata.continue}`);
  const names = [...first.body.items, ...second.body.items].map(({ metadata }) => metadata.name);
  expect(names).toEqual(["p1", "p2", "p3"]);
  expect(second.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion);
});

describe("delete", () => {
  test("a finalizer keeps the object until it is gone", async () => {
    await json("POST", path, configMap("kept", { finalizers: ["example.com/f"] }));
    const deleted = await json("DELETE", `${path}/kept`);
    expect(deleted.body.metadata.deletionTimestamp).toBeDefined();
    const headers = { "content-type": "application/merge-patch+json" };
    await json("PATCH", `${path}/kept`, { metadata: { finalizers: null } }, headers);
    expect((await json("GET", `${path}/kept`)).status).toBe(404);
  });
  test("a precondition that fails keeps it", async () => {
    await json("POST", path, configMap("other"));
    expect((await json("DELETE", `${path}/other`, { preconditions: { uid: "x" } })).status).toBe(409);
    expect((await json("GET", `${path}/other`)).status).toBe(200);
  });
  test("a collection goes with its selector", async () => {
    for (const name of ["d1", "d2"]) await json("POST", path, configMap(name, { labels: { drop: name } }));
    await json("DELETE", `${path}?labelSelector=drop%3Dd1`);
    expect((await json("GET", `${path}/d1`)).status).toBe(404);
    expect((await json("GET", `${path}/d2`)).status).toBe(200);
  });
});

test("a watch with a selector: entering is ADDED, leaving DELETED with the version before", async () => {
  const { body } = await json("POST", path, configMap("w", { labels: { see: "no" } }));
  const headers = { "content-type": "application/merge-patch+json" };
  for (const see of ["yes", "no"]) await json("PATCH", `${path}/w`, { metadata: { labels: { see } } }, headers);
  const { resourceVersion } = body.metadata;
  const query = `watch=1&timeoutSeconds=1&labelSelector=see%3Dyes&resourceVersion=${resourceVersion}`;
  const response = await send("GET", `${path}?${query}`);
  let text = "";
  for await (const chunk of response.body as AsyncIterable<string>) text += chunk;
  const events = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(events.map(({ type, object }) => [type, object.metadata.labels.see])).toEqual([
    ["ADDED", "yes"],
    ["DELETED", "yes"],
  ]);
  expect(Number(events[1].object.metadata.resourceVersion)).toBeGreaterThan(
    Number(events[0].object.metadata.resourceVersion),
  );
});

test.each([
  {
    name: "with a bookmark of how far it has come, which is farther than what it has said",
    wants: "true",
    want: ["ADDED", "BOOKMARK"],
  },
  { name: "without one where none is wanted", wants: "false", want: ["ADDED"] },
])("a watch that is ended ends $name", async ({ wants, want }) => {
  const labels = { ended: wants };
  const { body } = await json("POST", path, configMap(`begun-${wants}`));
  await json("POST", path, configMap(`seen-${wants}`, { labels }));
  const unseen = await json("POST", path, configMap(`unseen-${wants}`));
  const { resourceVersion } = body.metadata;
  const query = `labelSelector=ended%3D${wants}&allowWatchBookmarks=${wants}&resourceVersion=${resourceVersion}`;
  const end = new AbortController();
  const response = await send("GET", `${path}?watch=1&${query}`, undefined, {}, end.signal);
  const events: { type: string; object: { metadata: { resourceVersion: string } } }[] = [];
  for await (const chunk of response.body as AsyncIterable<string>) {
    for (const line of chunk.split("\n").filter((one) => one !== "")) events.push(JSON.parse(line));
    if (events.length > 0) end.abort();
  }
  expect(events.map(({ type }) => type)).toEqual(want);
  if (wants === "true") expect(events[1].object.metadata.resourceVersion).toBe(unseen.body.metadata.resourceVersion);
});

test("a review has no table: 406, unless something else is taken too", async () => {
  const reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  const body = { spec: { nonResourceAttributes: { path: "/", verb: "get" } } };
  const form = (as: string) => `application/json;as=${as};v=v1;g=meta.k8s.io`;
  const asked = async (accept: string) => json("POST", reviews, body, { accept });
  expect(await asked(form("Table"))).toMatchObject({ status: 406, body: { reason: "NotAcceptable" } });
  expect(await asked(`${form("Table")},application/json`)).toMatchObject({
    status: 201,
    body: { kind: "SelfSubjectAccessReview", status: { allowed: true } },
  });
  expect(await asked(form("PartialObjectMetadata"))).toMatchObject({
    status: 201,
    body: { kind: "PartialObjectMetadata" },
  });
});

test("a scale is read and written", async () => {
  const deployments = "/apis/apps/v1/namespaces/default/deployments";
  const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } };
  const spec = { selector: { matchLabels: { a: "b" } }, template };
  await json("POST", deployments, { metadata: { name: "s" }, spec });
  const scale = (await json("GET", `${deployments}/s/scale`)).body;
  expect(scale).toMatchObject({ kind: "Scale", spec: { replicas: 1 } });
  await json("PUT", `${deployments}/s/scale`, { ...scale, spec: { replicas: 3 } });
  expect((await json("GET", `${deployments}/s`)).body.spec.replicas).toBe(3);
});

test.each([
  { name: "broken JSON", body: "{", want: 400 },
  { name: "a wrong type", body: { metadata: { name: "x" }, data: { k: 1 } }, want: 400 },
  { name: "another kind", body: { kind: "Secret", metadata: { name: "x" } }, want: 400 },
  { name: "an invalid name", body: { metadata: { name: "X" } }, want: 422 },
])("$name: $want, and nothing is stored", async ({ body, want }) => {
  expect((await json("POST", path, body)).status).toBe(want);
  expect((await json("GET", `${path}/x`)).status).toBe(404);
});

describe("connections that nothing serves", () => {
  const service = "/api/v1/namespaces/default/services/kubernetes";
  const mergePatch = { "content-type": "application/merge-patch+json" };
  test.each([
    { name: "get", method: "GET", path: `${service}/proxy` },
    { name: "get of more path", method: "GET", path: `${service}/proxy/a/b` },
    { name: "patch", method: "PATCH", path: `${service}/proxy`, body: { spec: { ports: null } }, headers: mergePatch },
    { name: "update", method: "PUT", path: `${service}/proxy`, body: { metadata: { name: "kubernetes" } } },
    { name: "delete", method: "DELETE", path: `${service}/proxy`, headers: mergePatch },
    { name: "path after a subresource", method: "GET", path: `${service}/status/more` },
  ])("$name: 404, and the object stays as it is", async ({ method, path: target, body, headers }) => {
    const before = (await json("GET", service)).body;
    expect(await json(method, target, body, headers)).toMatchObject({
      status: 404,
      body: { message: "the server could not find the requested resource" },
    });
    expect((await json("GET", service)).body).toEqual(before);
  });

  test("of an object that is not there: that is said first", async () => {
    const { body } = await json("GET", "/api/v1/namespaces/default/pods/none/exec");
    expect(body.message).toBe('pods "none" not found');
  });
});

test.each([
  { path: "%2e%2e", want: `Name parameter invalid: "..": may not be '..'` },
  { path: "a%25b", want: `Name parameter invalid: "a%b": may not contain '%'` },
])("a name that cannot stand in a path: $want", async ({ path: name, want }) => {
  expect(await json("GET", `${path}/${name}`)).toMatchObject({ status: 400, body: { message: want } });
});
