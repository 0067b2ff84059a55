import { beforeEach, describe, expect, it } from "vitest";
import { NudgedCopies } from "../../../../agent/transport/nudged-informers.ts";
import type { Want } from "../../../../agent/transport/wants.ts";
import { newForbidden } from "../../../../lib/apimachinery/errors.ts";
import type { Client, ListQuery } from "../../../../lib/client/interface.ts";
import { configmaps, secrets } from "../../../../lib/openapi/types/resources.ts";
import { FakeApi } from "../../../support/fake-api.ts";
import { FakeClock, seededRandom, settle } from "../../../support/fake-clock.ts";

const count = 40;
let api: FakeApi;
let copies: NudgedCopies;
/** What was read: `configmaps c-1`. */
let reads: string[];
let atOnce: number;
let mostAtOnce: number;
let failures: Map<string, Error>;
let wanted: Want[];
let errors: unknown[];

beforeEach(async () => {
  api = new FakeApi(new FakeClock(), seededRandom(1));
  [reads, atOnce, mostAtOnce, failures, wanted, errors] = [[], 0, 0, new Map(), [], []];
  copies = new NudgedCopies(slow(api), 60_000, (some) => void wanted.push(...some));
  for (let n = 0; n < count; n++) open(`c-${n}`);
  copies.open(secrets, "shop", "s", (error) => errors.push(error));
  await settle();
  reads.length = 0;
  mostAtOnce = 0;
  return () => copies.stop();
});

function open(name: string) {
  return copies.open(configmaps, "shop", name, (error) => errors.push(error));
}

/** The API's reads of single objects, counted, each taking a moment. */
function slow(client: Client): Client {
  const note = async (resource: string, query: ListQuery) => {
    const name = query.fieldSelector?.split("=")[1] ?? "";
    reads.push(`${resource} ${name}`);
    mostAtOnce = Math.max(mostAtOnce, ++atOnce);
    await settle();
    atOnce--;
    const failure = failures.get(name);
    if (failure) throw failure;
  };
  return Object.assign(Object.create(client) as Client, {
    list: async (...[resource, query = {}]: Parameters<Client["list"]>) => {
      await note(resource.resource, query);
      return client.list(resource, query);
    },
    watch: async function* (...[resource, query = {}]: Parameters<Client["watch"]>) {
      await note(resource.resource, query);
      yield { type: "BOOKMARK", object: { metadata: { resourceVersion: api.revision(resource) } } };
    },
  });
}

describe("copies of single objects", () => {
  it("are all read again, some at once: not hundreds, on all nodes of a cluster", async () => {
    await copies.catchUp();
    expect(reads).toHaveLength(count + 1);
    expect(mostAtOnce).toBeLessThanOrEqual(8);
    expect(mostAtOnce).toBeGreaterThan(1);
  });

  it("are read as they are wanted", async () => {
    await copies.catchUp([{ resource: configmaps, keys: ["shop/c-3", "shop/c-5", "other/c-7", "shop/none"] }]);
    expect(reads.toSorted()).toEqual(["configmaps c-3", "configmaps c-5"]);
    reads.length = 0;
    await copies.catchUp([{ resource: secrets }]);
    expect(reads).toEqual(["secrets s"]);
  });

  it("that the node may not read hold up no other", async () => {
    failures.set("c-3", newForbidden(configmaps, "c-3", "not yours"));
    await copies.catchUp();
    expect(reads).toHaveLength(count + 1);
    expect(errors).toHaveLength(1);
  });

  it("are given up, for now, where the server fails: the rest would find the same", async () => {
    for (let n = 0; n < count; n++) failures.set(`c-${n}`, new Error("throttled"));
    await expect(copies.catchUp()).rejects.toThrow("throttled");
    expect(reads.length).toBeLessThanOrEqual(9);
  });

  it("of which the first read fails are read again, and no other", async () => {
    failures.set("late", new Error("throttled"));
    open("late");
    await settle();
    await settle();
    expect(wanted).toEqual([{ resource: configmaps, keys: ["shop/late"] }]);
  });

  it("that are closed are not read", async () => {
    const copy = open("closed");
    await settle();
    copy.close();
    reads.length = 0;
    await copies.catchUp();
    expect(reads).not.toContain("configmaps closed");
  });

  it("know how far they have come", async () => {
    const isRead = (revision: number, ...keys: string[]) => copies.isRead({ resource: configmaps, keys }, revision);
    const metadata = { name: "c-1", namespace: "shop" };
    const { resourceVersion } = api.put(configmaps, { apiVersion: "v1", kind: "ConfigMap", metadata }).metadata;
    const revision = Number(resourceVersion);
    expect(isRead(revision, "shop/c-1")).toBe(false);
    await copies.catchUp([{ resource: configmaps, keys: ["shop/c-1"] }]);
    expect(isRead(revision, "shop/c-1")).toBe(true);
    expect(isRead(revision, "shop/c-2")).toBe(false);
    expect(isRead(revision, "shop/nobody-reads-it")).toBe(true);
    expect(copies.isRead({ resource: configmaps }, revision)).toBe(false);
  });
});
