import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Decision } from "../../../../lib/apiserver/authorization/authorizer.ts";
import { type ApiServer, createApiServer } from "../../../../lib/apiserver/server.ts";
import { strategies } from "../../../../lib/registry/index.ts";
import type { Store } from "../../../../lib/storage/interface.ts";
import { openSqliteStore } from "../../../../lib/storage/sqlite/store.ts";

const allow: Decision = { decision: "allow", reason: "" };
const path = "/api/v1/namespaces/d/configmaps";

describe("a request whose rights are being looked at", () => {
  let store: Store;
  let calls: string[];
  let expected: boolean;
  let decision: PromiseWithResolvers<Decision>;
  let server: ApiServer;

  beforeEach(async () => {
    const opened = await openSqliteStore({ file: ":memory:", durable: false });
    calls = [];
    store = new Proxy(opened, {
      get(target, name) {
        const member = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return (...args: unknown[]) => {
          calls.push(String(name));
          return Reflect.apply(member, target, args);
        };
      },
    });
    expected = true;
    decision = Promise.withResolvers();
    server = createApiServer({
      cluster: "default",
      store,
      strategies,
      authenticator: { authenticate: async () => ({ username: "jane", groups: [] }) },
      authorizer: { expects: () => expected, authorize: () => decision.promise },
      admission: [],
      config: { serviceCIDRs: ["10.96.0.0/16"], nodePortRange: [30_000, 32_767] },
      routes: [],
    });
    decision.resolve(allow);
    const body = { metadata: { name: "one" }, data: { word: "secret" } };
    const headers = { "content-type": "application/json" };
    await server.fetch(new Request(`http://x${path}`, { method: "POST", headers, body: JSON.stringify(body) }));
    decision = Promise.withResolvers();
    calls.length = 0;
  });
  afterEach(async () => {
    server.close();
    await store.close();
  });

  /** The answer, once the decision is made; and which calls of the store were made before. */
  async function ask(target: string, method: string, made: Decision) {
    const answer = server.fetch(new Request(`http://x${target}`, { method }));
    // All that does not wait for the decision has been begun.
    await new Promise((resolve) => setImmediate(resolve));
    const before = [...calls];
    decision.resolve(made);
    const response = await answer;
    return { before, status: response.status, text: await response.text() };
  }

  it.each([
    { target: `${path}/one`, want: ["get"] },
    { target: path, want: ["list"] },
  ])("is begun where it is a read that is expected to be allowed: $want", async ({ target, want }) => {
    const { before, status, text } = await ask(target, "GET", allow);
    expect({ before, status }).toEqual({ before: want, status: 200 });
    expect(text).toContain("secret");
    expect(calls).toEqual(want);
  });

  it.each([`${path}/one`, `${path}/none`, path])("tells nothing where it is refused after all: %s", async (target) => {
    const { status, text } = await ask(target, "GET", { decision: "no opinion", reason: "" });
    expect(status).toBe(403);
    expect(text).not.toContain("secret");
    expect(text).not.toContain("not found");
  });

  it.each([
    ["GET", `${path}?watch=true&timeoutSeconds=1`],
    ["DELETE", `${path}/one`],
    ["DELETE", path],
  ])("waits where it is no plain read: %s %s", async (method, target) => {
    const { before, status } = await ask(target, method, { decision: "deny", reason: "" });
    expect({ before, status }).toEqual({ before: [], status: 403 });
    expect(calls).toEqual([]);
  });

  it("waits where nobody knows that it is allowed", async () => {
    expected = false;
    const { before, status } = await ask(path, "GET", allow);
    expect({ before, status }).toEqual({ before: [], status: 200 });
  });
});
