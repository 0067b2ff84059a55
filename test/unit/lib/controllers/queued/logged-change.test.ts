import { describe, expect, it } from "vitest";
import { ChangeLoader, type LogRecord, UnreadableEntry } from "../../../../../lib/controllers/queued/logged-change.ts";

const pods = { group: "", resource: "pods" };
const text = (revision: number, more = {}) =>
  JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name: "a", namespace: "x", ...more }, revision });
const record = (revision: number, type: LogRecord["type"], previous?: number): LogRecord => ({
  type,
  revision,
  text: text(revision),
  ...(previous === undefined ? {} : { previous: { revision: previous } }),
});

describe("entries of the log as changes", () => {
  it("bring the version before, from what was seen or from history", async () => {
    const asked: number[] = [];
    const loader = new ChangeLoader(async (_, revision) => {
      asked.push(revision);
      return revision === 1 ? text(1) : undefined;
    });
    expect(await loader.load(pods, record(2, "updated", 1))).toMatchObject({
      resource: { group: "", version: "v1", resource: "pods", kind: "Pod", namespaced: true },
      revision: 2,
      object: { revision: 2 },
      old: { revision: 1 },
    });
    expect(await loader.load(pods, record(3, "updated", 2))).toMatchObject({
      object: { revision: 3 },
      old: { revision: 2 },
    });
    // The same once more: entries come at least once.
    expect(await loader.load(pods, record(3, "updated", 2))).toMatchObject({ old: { revision: 2 } });
    expect(asked).toEqual([1]);
  });

  it("are an appearance where history is gone, and a going with the last state", async () => {
    const loader = new ChangeLoader(async () => undefined);
    const appeared = await loader.load(pods, record(9, "updated", 5));
    expect([appeared.object, appeared.old]).toMatchObject([{ revision: 9 }, undefined]);
    const gone = await loader.load(pods, record(10, "deleted", 9));
    expect([gone.object, gone.old]).toMatchObject([undefined, { revision: 10 }]);
    expect((await loader.load(pods, record(11, "created"))).old).toBeUndefined();
  });

  it("know kinds by what the object says of itself", async () => {
    const loader = new ChangeLoader(async () => undefined);
    const object = { apiVersion: "example.com/v1beta1", kind: "Widget", metadata: { name: "w" } };
    const { resource } = await loader.load(
      { group: "example.com", resource: "widgets" },
      { type: "created", revision: 2, text: JSON.stringify(object) },
    );
    expect(resource).toEqual({
      group: "example.com",
      version: "v1beta1",
      resource: "widgets",
      kind: "Widget",
      namespaced: false,
    });
  });

  it.each([
    ["{"],
    ["null"],
    ["{}"],
    ['{"metadata":{}}'],
  ])("are refused where they hold no object: %s", async (broken) => {
    const loader = new ChangeLoader(async () => undefined);
    await expect(loader.load(pods, { type: "created", revision: 2, text: broken })).rejects.toThrow(UnreadableEntry);
  });
});
