import { describe, expect, it } from "vitest";
import { newResourceExpired } from "../../../../lib/apimachinery/errors.ts";
import type { KubeObject } from "../../../../lib/apimachinery/meta.ts";
import type { Client, ListQuery, ObjectList, WatchEvent, WatchQuery } from "../../../../lib/client/interface.ts";
import { runReflector } from "../../../../lib/client/reflector.ts";
import { configmaps } from "../../../../lib/openapi/types/resources.ts";
import { FakeClock, seededRandom, settle } from "../../../support/fake-clock.ts";

function object(name: string, revision: number): KubeObject {
  return { metadata: { name, uid: name, resourceVersion: String(revision), creationTimestamp: "" } };
}

/** A server that answers by script: each list and each watch is the next entry. */
function script(lists: (ObjectList<KubeObject> | Error)[], watches: (WatchEvent<KubeObject>[] | Error)[]) {
  const calls: string[] = [];
  const client = {
    async list(_: unknown, query: ListQuery) {
      calls.push(`list ${query.continue ?? ""}`.trim());
      const next = lists.shift();
      if (next === undefined || next instanceof Error) throw next ?? new Error("no more lists");
      return next;
    },
    async *watch(_: unknown, query: WatchQuery, signal: AbortSignal) {
      calls.push(`watch ${query.resourceVersion}`);
      const next = watches.shift();
      if (next instanceof Error) throw next;
      yield* next ?? [];
      if (next === undefined) await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
  } as unknown as Client;
  return { client, calls };
}

async function run(client: Client, seconds = 100) {
  const clock = new FakeClock();
  const got: string[] = [];
  const errors: string[] = [];
  const ending = new AbortController();
  const sink = {
    replace: (items: readonly KubeObject[], revision: string) =>
      void got.push(`= ${items.map(({ metadata }) => metadata.name).join(" ")} @${revision}`),
    apply: ({ type, object }: WatchEvent<KubeObject>) => void got.push(`${type} ${object.metadata.name}`),
  };
  const running = runReflector({
    client,
    resource: configmaps as never,
    sink,
    clock,
    random: seededRandom(1),
    signal: ending.signal,
    onError: (error) => void errors.push((error as Error).message),
  });
  for (let second = 0; second < seconds; second++) await clock.advance(1000);
  ending.abort();
  await settle();
  await running;
  return { got, errors };
}

const list = (revision: number, ...names: string[]): ObjectList<KubeObject> => ({
  items: names.map((name) => object(name, revision)),
  resourceVersion: String(revision),
});
const added = (name: string, revision: number) => ({ type: "ADDED" as const, object: object(name, revision) });

describe("reflector", () => {
  it("lists page by page, watches from there, and goes on from the last revision when the watch ends", async () => {
    const pages = [{ ...list(5, "a"), continue: "next" }, list(5, "b")];
    const bookmark = { type: "BOOKMARK" as const, object: object("", 9) };
    const { client, calls } = script(pages, [[added("c", 6)], [bookmark]]);
    const { got } = await run(client);
    expect(got).toEqual(["= a b @5", "ADDED c", "BOOKMARK "]);
    expect(calls).toEqual(["list", "list next", "watch 5", "watch 6", "watch 9"]);
  });

  it("keeps its revision when the connection is lost", async () => {
    const { client, calls } = script([list(5, "a")], [new Error("lost"), new Error("refused"), [added("b", 7)]]);
    const { got, errors } = await run(client);
    expect(errors).toEqual(["lost", "refused"]);
    expect(calls).toEqual(["list", "watch 5", "watch 5", "watch 5", "watch 7"]);
    expect(got).toEqual(["= a @5", "ADDED b"]);
  });

  it("lists again when its revision is too old, and only then", async () => {
    const { client, calls } = script([list(5, "a"), list(20, "z")], [newResourceExpired("too old")]);
    const { got } = await run(client);
    expect(calls).toEqual(["list", "watch 5", "list", "watch 20"]);
    expect(got).toEqual(["= a @5", "= z @20"]);
  });

  it("backs off while lists fail", async () => {
    const { client, calls } = script(
      Array.from({ length: 50 }, () => new Error("down")),
      [],
    );
    await run(client, 60);
    // 200 ms doubling to 30 s, each times 0.5 to 1.5.
    expect(calls.length).toBeGreaterThan(6);
    expect(calls.length).toBeLessThan(14);
  });

  it("starts over when a page of a list has expired", async () => {
    const { client, calls } = script(
      [{ ...list(5, "a"), continue: "next" }, newResourceExpired("gone"), list(8, "b")],
      [],
    );
    const { got } = await run(client);
    expect(calls).toEqual(["list", "list next", "list", "watch 8"]);
    expect(got).toEqual(["= b @8"]);
  });
});
