import { describe, expect, test } from "vitest";
import { Layout, parseSortKey, revisionKey } from "../../../../../lib/aws/dynamodb/layout.ts";
import type { Collection } from "../../../../../lib/storage/interface.ts";

const jobs: Collection = { cluster: "prod", group: "batch", resource: "jobs" };
const pods: Collection = { cluster: "prod", group: "", resource: "pods" };

describe("Layout", () => {
  const layout = new Layout(jobs);

  test.each([
    { name: "object", key: layout.object("ns/x"), want: "prod/batch/jobs ns/x" },
    { name: "log", key: layout.log(7, 1), want: "prod/batch/jobs#log#0 0000000000000007" },
    { name: "log over partitions", key: layout.log(7, 4), want: "prod/batch/jobs#log#3 0000000000000007" },
    { name: "chunk", key: layout.chunk(7, 2), want: "prod/batch/jobs#chunk#0000000000000007 2" },
    { name: "counter", key: layout.counter(), want: "prod/batch/jobs#rev -" },
    { name: "owner", key: layout.owner("u1", "ns/x"), want: "prod#owner#u1 batch/jobs#ns/x" },
    { name: "collection", key: layout.listed(), want: "prod#collections batch/jobs" },
  ])("$name", ({ key, want }) => expect(`${key.pk} ${key.sk}`).toBe(want));

  test.each([
    { name: "an object of a group", sk: layout.owner("u", "ns/x").sk, want: { collection: jobs, key: "ns/x" } },
    { name: "of core", sk: new Layout(pods).owner("u", "x").sk, want: { collection: pods, key: "x" } },
    { name: "with # in its name", sk: layout.owner("u", "ns/a#b").sk, want: { collection: jobs, key: "ns/a#b" } },
    { name: "a collection", sk: layout.listed().sk, want: { collection: jobs, key: "" } },
  ])("parseSortKey: $name", ({ sk, want }) => expect(parseSortKey("prod", sk)).toEqual(want));
});

test("revisions sort as numbers do", () => {
  const revisions = [1, 9, 10, 99, 100, 12_345_678, Number.MAX_SAFE_INTEGER];
  const keys = revisions.map(revisionKey);
  expect(keys.toSorted()).toEqual(keys);
});
