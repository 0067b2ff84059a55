/** The folder lib/registry/core/pod through the API: binding, eviction, deletion, and updates as v1.36.3 answered them. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AnyObject } from "../../../../../lib/apimachinery/meta.ts";
import { adminToken } from "../../../../corpus/run.ts";
import { corpusServer } from "../../../../corpus/server.ts";

interface Recorded {
  readonly name: string;
  readonly spec: object;
  readonly steps: {
    readonly subresource?: string;
    readonly patch: unknown;
    readonly type?: string;
    readonly want: { readonly code: number; readonly causes?: string[]; readonly generation?: number };
  }[];
}

// biome-ignore lint/suspicious/noExplicitAny: answers of every kind.
type Answer = { code: number; body: any };

const file = new URL("../../../../golden/pods/update.jsonl", import.meta.url);
const recorded: Recorded[] = readFileSync(file, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));
const pods = "/api/v1/namespaces/n/pods";
const strategic = "application/strategic-merge-patch+json";
let server: Awaited<ReturnType<typeof corpusServer>>;

async function send(method: string, path: string, body?: unknown, type = "application/json"): Promise<Answer> {
  const headers: Record<string, string> = { authorization: `Bearer ${adminToken}`, accept: "application/json" };
  if (body !== undefined) headers["content-type"] = type;
  const response = await server.handle({
    method,
    path,
    header: (name) => headers[name],
    headerValues: (name) => (headers[name] === undefined ? [] : [headers[name]]),
    headerNames: () => Object.keys(headers),
    bytes: async () => Buffer.from(body === undefined ? "" : JSON.stringify(body)),
    signal: new AbortController().signal,
  });
  return { code: response.status, body: JSON.parse(String(response.body)) };
}

const container = { name: "c", image: "i:1" };

async function makePod(name: string, spec: object = {}): Promise<AnyObject> {
  const body = { apiVersion: "v1", kind: "Pod", metadata: { name }, spec: { containers: [container], ...spec } };
  const { code, body: pod } = await send("POST", pods, body);
  expect(code).toBe(201);
  return pod;
}

const running = (ready: string) => ({ status: { phase: "Running", conditions: [{ type: "Ready", status: ready }] } });

beforeAll(async () => {
  server = await corpusServer();
  await send("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "n" } });
  const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } };
  await send("POST", "/api/v1/namespaces/n/serviceaccounts", account);
});
afterAll(() => server.close());

/** `field: message`, without the diff that follows. */
const causesOf = ({ body }: Answer): string[] =>
  (body.details?.causes ?? []).map(
    ({ field, message }: { field: string; message: string }) => `${field}: ${message.replace(/\n@@.*/s, "")}`,
  );

describe("updates", () => {
  test.each(recorded)("$name", async ({ name, spec, steps }) => {
    const pod = `u-${recorded.findIndex((one) => one.name === name)}`;
    await makePod(pod, spec);
    for (const { subresource, patch, type = strategic, want } of steps) {
      const path = `${pods}/${pod}${subresource ? `/${subresource}` : ""}`;
      const answer = await send("PATCH", path, patch, type);
      expect(answer.code).toBe(want.code);
      expect(causesOf(answer).sort()).toEqual([...(want.causes ?? [])].sort());
      if (want.generation !== undefined) expect(answer.body.metadata.generation).toBe(want.generation);
    }
  });
});

describe("an empty struct is not an absent one", () => {
  test.each([
    { name: "affinity", patch: { affinity: { podAffinity: {} } }, want: 422 },
    { name: "a container", patch: { containers: [{ name: "c", securityContext: {} }] }, want: 422 },
    { name: "an empty map", patch: { nodeSelector: {} }, want: 200 },
    { name: "an empty list", patch: { hostAliases: [] }, want: 200 },
    { name: "what the defaults have set", patch: { securityContext: {} }, want: 200 },
  ])("$name", async ({ name, patch, want }) => {
    const pod = `s-${name.replaceAll(" ", "-")}`;
    await makePod(pod);
    expect((await send("PATCH", `${pods}/${pod}`, { spec: patch }, strategic)).code).toBe(want);
  });
});

describe("binding", () => {
  const binding = (name: string, more = {}) => ({
    apiVersion: "v1",
    kind: "Binding",
    metadata: { name, ...more },
    target: { kind: "Node", name: "node-1" },
  });

  test("gives the pod its node, labels and annotations", async () => {
    const { metadata } = await makePod("b-1");
    const more = { uid: metadata.uid, labels: { zone: "z" }, annotations: { a: "b" } };
    expect((await send("POST", `${pods}/b-1/binding`, binding("b-1", more))).code).toBe(201);
    const { body } = await send("GET", `${pods}/b-1`);
    expect(body.spec.nodeName).toBe("node-1");
    expect(body.metadata).toMatchObject({ labels: { zone: "z" }, annotations: { a: "b" }, generation: 1 });
    expect(body.status.conditions).toMatchObject([{ type: "PodScheduled", status: "True" }]);
  });

  const refused = [
    {
      name: "another pod of the name",
      spec: {},
      more: { uid: "other" },
      want: /^Operation .* Precondition failed: UID/,
    },
    {
      name: "a gated pod",
      spec: { schedulingGates: [{ name: "g" }] },
      more: {},
      want: /non-empty .spec.schedulingGates/,
    },
    { name: "a bound pod", spec: { nodeName: "x" }, more: {}, want: /is already assigned to node "x"/ },
  ];
  test.each(refused)("refuses $name", async ({ name, spec, more, want }) => {
    const pod = `b-${name.replaceAll(" ", "-")}`;
    await makePod(pod, spec);
    const { code, body } = await send("POST", `${pods}/${pod}/binding`, binding(pod, more));
    expect(code).toBe(409);
    expect(body.message).toMatch(want);
  });

  test("a dry run changes nothing", async () => {
    await makePod("b-dry");
    expect((await send("POST", `${pods}/b-dry/binding?dryRun=All`, binding("b-dry"))).code).toBe(201);
    expect((await send("GET", `${pods}/b-dry`)).body.spec.nodeName).toBeUndefined();
  });
});

describe("eviction", () => {
  const eviction = (name: string) => ({ apiVersion: "policy/v1", kind: "Eviction", metadata: { name } });
  const budgets = "/apis/policy/v1/namespaces/n/poddisruptionbudgets";

  async function makeBudget(name: string, status: object, spec: object = {}): Promise<void> {
    const body = {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name },
      spec: { minAvailable: 1, selector: { matchLabels: { app: name } }, ...spec },
    };
    await send("POST", budgets, body);
    const wanted = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0, ...status };
    await send("PATCH", `${budgets}/${name}/status`, { status: wanted }, "application/merge-patch+json");
  }

  async function makeRunning(name: string, app: string, ready = "True"): Promise<void> {
    const metadata = { name, labels: { app } };
    const spec = { nodeName: "node-1", containers: [container] };
    await send("POST", pods, { apiVersion: "v1", kind: "Pod", metadata, spec });
    await send("PATCH", `${pods}/${name}/status`, running(ready), strategic);
  }

  test("takes one disruption of the budget", async () => {
    await makeBudget("one", { observedGeneration: 1, disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1 });
    await makeRunning("e-1", "one");
    expect((await send("POST", `${pods}/e-1/eviction`, eviction("e-1"))).code).toBe(201);
    const { body: pod } = await send("GET", `${pods}/e-1`);
    expect(pod.metadata.deletionGracePeriodSeconds).toBe(30);
    const reasons = pod.status.conditions.map(({ reason }: { reason?: string }) => reason);
    expect(reasons).toContain("EvictionByEvictionAPI");
    const { body: budget } = await send("GET", `${budgets}/one`);
    expect(budget.status.disruptionsAllowed).toBe(0);
    expect(Object.keys(budget.status.disruptedPods)).toEqual(["e-1"]);
    expect(budget.status.conditions).toMatchObject([{ type: "DisruptionAllowed", reason: "InsufficientPods" }]);
    await makeRunning("e-2", "one");
    expect(await send("POST", `${pods}/e-2/eviction`, eviction("e-2"))).toMatchObject({
      code: 429,
      body: { details: { causes: [{ reason: "DisruptionBudget" }] } },
    });
  });

  const unready = [
    { name: "goes where enough others are healthy", status: { currentHealthy: 1, desiredHealthy: 1 }, want: 201 },
    { name: "stays where they are not", status: { currentHealthy: 0, desiredHealthy: 1 }, want: 429 },
    {
      name: "goes where the budget says so",
      status: { currentHealthy: 0, desiredHealthy: 1 },
      spec: { unhealthyPodEvictionPolicy: "AlwaysAllow" },
      want: 201,
    },
  ];
  test.each(unready)("a pod that is not ready $name", async ({ name, status, spec, want }) => {
    const app = `u${name.replaceAll(" ", "-")}`;
    await makeBudget(app, { observedGeneration: 1, ...status }, spec);
    await makeRunning(app, app, "False");
    expect((await send("POST", `${pods}/${app}/eviction`, eviction(app))).code).toBe(want);
  });

  test("a budget that nobody has looked at yet is waited for", async () => {
    await makeBudget("new", {});
    await makeRunning("e-new", "new");
    const { code, body } = await send("POST", `${pods}/e-new/eviction`, eviction("e-new"));
    expect(code).toBe(429);
    expect(body.details.retryAfterSeconds).toBe(10);
    expect(body.details.causes[0].message).toBe("The disruption budget new is still being processed by the server.");
  });
});

describe("deletion", () => {
  const cases = [
    { name: "a pod without a node", spec: {}, options: {}, want: undefined },
    { name: "a pod that runs", spec: { nodeName: "x" }, options: {}, want: 30 },
    { name: "its own grace", spec: { nodeName: "x", terminationGracePeriodSeconds: 7 }, options: {}, want: 7 },
    { name: "the client's grace", spec: { nodeName: "x" }, options: { gracePeriodSeconds: 3 }, want: 3 },
    { name: "no grace", spec: { nodeName: "x" }, options: { gracePeriodSeconds: 0 }, want: undefined },
  ];
  test.each(cases)("$name", async ({ name, spec, options, want }) => {
    const pod = `d-${name.replaceAll(/[ ']/g, "-")}`;
    await makePod(pod, spec);
    expect((await send("DELETE", `${pods}/${pod}`, { kind: "DeleteOptions", apiVersion: "v1", ...options })).code).toBe(
      200,
    );
    const { code, body } = await send("GET", `${pods}/${pod}`);
    expect(code).toBe(want === undefined ? 404 : 200);
    expect(body.metadata.deletionGracePeriodSeconds).toBe(want);
  });

  test("a second one may only shorten it", async () => {
    await makePod("d-twice", { nodeName: "x" });
    const remove = async (seconds: number) => {
      const options = { kind: "DeleteOptions", apiVersion: "v1", gracePeriodSeconds: seconds };
      return (await send("DELETE", `${pods}/d-twice`, options)).body.metadata.deletionGracePeriodSeconds;
    };
    expect([await remove(20), await remove(60), await remove(10)]).toEqual([20, 20, 10]);
  });

  test("a pod that has ended goes at once", async () => {
    await makePod("d-ended", { nodeName: "x" });
    await send("PATCH", `${pods}/d-ended/status`, { status: { phase: "Succeeded" } }, strategic);
    await send("DELETE", `${pods}/d-ended`);
    expect((await send("GET", `${pods}/d-ended`)).code).toBe(404);
  });
});
