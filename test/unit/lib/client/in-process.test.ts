import { describe, expect, it } from "vitest";
import { newRequestEntityTooLarge } from "../../../../lib/apimachinery/errors.ts";
import type { ServerRequest, ServerResponse } from "../../../../lib/apimachinery/http.ts";
import { createInProcessClient } from "../../../../lib/client/in-process.ts";
import { configmaps } from "../../../../lib/openapi/types/resources.ts";

const user = { username: "controller", groups: ["system:masters"] };
const object = { metadata: { name: "a", namespace: "x", resourceVersion: "1" } };

function clientOf(answer: (request: ServerRequest) => Promise<ServerResponse>) {
  return createInProcessClient(answer, user);
}

describe("in-process client", () => {
  it("calls the handler as its user, with the body as bytes", async () => {
    let seen: ServerRequest | undefined;
    const client = clientOf(async (request) => {
      seen = request;
      return { status: 201, headers: {}, body: JSON.stringify(object) };
    });
    await client.create(configmaps, { metadata: { name: "a", namespace: "x" } });
    expect([seen?.method, seen?.path, seen?.user]).toEqual(["POST", "/api/v1/namespaces/x/configmaps", user]);
    expect(seen?.header("content-type")).toBe("application/json");
    expect(seen?.headerNames()).toContain("accept");
    expect(JSON.parse(new TextDecoder().decode(await seen?.bytes(1000)))).toMatchObject({ kind: "ConfigMap" });
    await expect(seen?.bytes(3)).rejects.toMatchObject({ code: newRequestEntityTooLarge("").code });
  });

  it("reads bodies of every form", async () => {
    const text = JSON.stringify(object);
    const bytes = new TextEncoder().encode(text);
    const chunks = async function* () {
      yield text.slice(0, 5);
      yield bytes.slice(5);
    };
    for (const body of [text, bytes, chunks()]) {
      const client = clientOf(async () => ({ status: 200, headers: {}, body }));
      expect(await client.get(configmaps, { namespace: "x", name: "a" })).toEqual(object);
    }
  });

  it("throws what a failure says", async () => {
    const body = JSON.stringify({ kind: "Status", reason: "Forbidden", code: 403, message: "no" });
    const client = clientOf(async () => ({ status: 403, headers: {}, body }));
    await expect(client.get(configmaps, { name: "a" })).rejects.toMatchObject({ code: 403, reason: "Forbidden" });
  });

  it("ends a watch with the signal though the handler's stream does not end", async () => {
    const stuck = async function* () {
      yield `${JSON.stringify({ type: "ADDED", object })}\n`;
      await new Promise(() => {});
    };
    const client = clientOf(async () => ({ status: 200, headers: {}, body: stuck() }));
    const ending = new AbortController();
    let count = 0;
    for await (const _ of client.watch(configmaps, {}, ending.signal)) {
      count++;
      setImmediate(() => ending.abort());
    }
    expect(count).toBe(1);
  });
});
