import { beforeEach, describe, expect, it } from "vitest";
import { Reporter } from "../../../../agent/transport/reporter.ts";
import { maxReportBytes, maxReportItems, type PodStatusItem, parseReport } from "../../../../lib/nodes/reports.ts";
import type { Pod, PodStatus } from "../../../../lib/openapi/types/core-v1.ts";
import { FakeClock, seededRandom } from "../../../support/fake-clock.ts";
import { pod } from "../objects.ts";
import { FakeQueues } from "./fake-queues.ts";

let clock: FakeClock;
let queues: FakeQueues;
let errors: string[];
let reporter: Reporter;
let nodeUid: string | undefined;

beforeEach(() => {
  clock = new FakeClock();
  queues = new FakeQueues();
  errors = [];
  nodeUid = "n1";
  reporter = new Reporter({
    queue: queues.reports,
    clock,
    random: seededRandom(1),
    cluster: "c",
    node: "n",
    nodeUid: () => nodeUid,
    epoch: 7,
    onError: (error) => errors.push((error as Error).message),
  });
  void reporter.run();
  return () => reporter.stop();
});

const numbered = (n: number, metadata: Partial<Pod["metadata"]> = {}): Pod =>
  pod({}, { metadata: { ...pod().metadata, name: `web-${n}`, uid: `u${n}`, ...metadata } });
const ready = (status: "True" | "False"): PodStatus => ({ phase: "Running", conditions: [{ type: "Ready", status }] });
const statuses = () => queues.items.filter((item): item is PodStatusItem => item.kind === "podStatus");

describe("a quiet node", () => {
  it("sends a heartbeat each ten seconds and nothing else", async () => {
    await clock.advance(60_500);
    expect(queues.sent.map(({ items }) => items.map(({ kind }) => kind))).toEqual(Array(7).fill([["heartbeat"]][0]));
    expect(queues.sent[0]).toMatchObject({ cluster: "c", node: "n", nodeUid: "n1", epoch: 7 });
  });

  it("sends none while it has no Node", async () => {
    nodeUid = undefined;
    await clock.advance(30_000);
    expect(queues.bodies).toEqual([]);
    nodeUid = "n2";
    await clock.advance(11_000);
    expect(queues.sent[0]).toMatchObject({ nodeUid: "n2" });
  });
});

describe("statuses", () => {
  it("of one moment go in one message at once, with a heartbeat that the next one follows ten seconds later", async () => {
    await clock.advance(1_000);
    reporter.set(numbered(1), ready("False"));
    reporter.set(numbered(2), ready("True"));
    reporter.setNode({ capacity: { cpu: "4" } });
    await clock.advance(100);
    expect(queues.sent[1]?.items.map(({ kind }) => kind)).toEqual([
      "heartbeat",
      "nodeStatus",
      "podStatus",
      "podStatus",
    ]);
    await clock.advance(9_800);
    expect(queues.bodies).toHaveLength(2);
    await clock.advance(200);
    expect(queues.bodies).toHaveLength(3);
  });

  it("that say the same are said once; a newer one has a higher number", async () => {
    reporter.set(numbered(1), ready("False"));
    await clock.advance(100);
    reporter.set(numbered(1), ready("False"));
    await clock.advance(100);
    reporter.set(numbered(1), ready("True"));
    await clock.advance(100);
    const [first, second, ...more] = statuses();
    expect(more).toEqual([]);
    expect([first?.status, second?.status]).toEqual([ready("False"), ready("True")]);
    expect(second?.sequence).toBeGreaterThan(first?.sequence ?? 0);
    expect(reporter.get("u1")).toEqual(ready("True"));
  });

  it("are said again where somebody has said otherwise since", async () => {
    reporter.set(numbered(1), ready("True"));
    await clock.advance(100);
    const overruled = { ...numbered(1, { resourceVersion: "9" }), status: ready("False") };
    reporter.set(overruled, ready("True"));
    reporter.set(overruled, ready("True"));
    await clock.advance(100);
    expect(statuses()).toHaveLength(2);
  });

  it("are all said again on demand", async () => {
    reporter.set(numbered(1), ready("True"));
    reporter.set(numbered(2), ready("True"));
    await clock.advance(100);
    reporter.repeat();
    await clock.advance(100);
    expect(statuses().map(({ name }) => name)).toEqual(["web-1", "web-2", "web-1", "web-2"]);
  });

  it("are all said again each half hour: the report before may have become a dead letter", async () => {
    reporter.set(numbered(1), ready("True"));
    await clock.advance(29 * 60_000);
    expect(statuses().length).toBe(1);
    await clock.advance(2 * 60_000);
    expect(statuses().map(({ name }) => name)).toEqual(["web-1", "web-1"]);
    expect(statuses()[1].sequence).toBeGreaterThan(statuses()[0].sequence);
  });

  it("of a pod that has ended say so once it is being deleted", async () => {
    const ended = { phase: "Succeeded" };
    reporter.set(numbered(1), ended);
    reporter.finish(numbered(1));
    await clock.advance(100);
    reporter.finish(numbered(1, { deletionTimestamp: "2026-01-01T00:00:00Z" }));
    await clock.advance(100);
    expect(statuses().map(({ finished }) => finished)).toEqual([undefined, true]);
    reporter.remove("u1");
    expect(reporter.get("u1")).toBeUndefined();
  });

  it("that do not fit into a message go in several", async () => {
    const message = "x".repeat(60_000);
    for (let n = 0; n < 10; n++) reporter.set(numbered(n), { phase: "Running", message });
    await clock.advance(100);
    expect(queues.bodies.every((body) => Buffer.byteLength(body) <= maxReportBytes)).toBe(true);
    expect(statuses()).toHaveLength(10);
    expect(queues.bodies.length).toBeLessThanOrEqual(4);
  });

  it("that are more than a report may hold go in several, each of which is no malformed one", async () => {
    for (let n = 0; n < 2 * maxReportItems + 50; n++) reporter.set(numbered(n), ready("True"));
    await clock.advance(100);
    expect(statuses()).toHaveLength(2 * maxReportItems + 50);
    expect(queues.bodies.map((body) => parseReport(body).items.length)).toEqual([100, 100, 53]);
  });

  it("too large for any message are told as an error and hold up no other", async () => {
    reporter.set(numbered(1), { phase: "Running", message: "x".repeat(300_000) });
    reporter.set(numbered(2), ready("True"));
    await clock.advance(100);
    expect(errors[0]).toMatch(/too large/);
    expect(statuses().map(({ name }) => name)).toEqual(["web-2"]);
  });
});

describe("the agent's end", () => {
  it("tells what is not told yet, and nothing more", async () => {
    await clock.advance(1_000);
    reporter.set(numbered(1), ready("True"));
    queues.bodies.length = 0;
    reporter.stop();
    await reporter.flush();
    expect(statuses().map(({ name }) => name)).toEqual(["web-1"]);
    await reporter.flush();
    await clock.advance(60_000);
    expect(queues.bodies).toHaveLength(1);
  });

  it("takes as many messages as it needs", async () => {
    const message = "x".repeat(100_000);
    for (let n = 0; n < 10; n++) reporter.set(numbered(n), { phase: "Running", message });
    reporter.stop();
    await reporter.flush();
    expect(statuses()).toHaveLength(10);
  });

  it("says what failed, and nothing where there is no Node", async () => {
    reporter.set(numbered(1), ready("True"));
    reporter.stop();
    queues.beforeSend = () => {
      throw new Error("throttled");
    };
    await expect(reporter.flush()).rejects.toThrow("throttled");
    nodeUid = undefined;
    await reporter.flush();
    expect(queues.bodies).toEqual([]);
  });
});

it("a queue that is away for an hour gets the latest statuses alone, afterwards", async () => {
  await clock.advance(100);
  queues.beforeSend = () => {
    throw new Error("throttled");
  };
  for (let minute = 0; minute < 60; minute++) {
    reporter.set(numbered(1), { phase: "Running", message: `${minute}` });
    await clock.advance(60_000);
  }
  // With pauses that grow up to half a minute and vary.
  expect(errors.length).toBeGreaterThan(60);
  expect(errors.length).toBeLessThan(300);
  queues.beforeSend = undefined;
  queues.bodies.length = 0;
  await clock.advance(60_000);
  expect(statuses().map(({ status }) => status.message)).toEqual(["59"]);
});

it("a status that the queue does not take is told as soon as it does, long before all is said again", async () => {
  reporter.setNode({ capacity: { cpu: "4" } });
  reporter.set(numbered(1), ready("True"));
  queues.beforeSend = () => {
    throw new Error("the queue is full");
  };
  await clock.advance(20_000);
  expect(queues.bodies).toEqual([]);
  queues.beforeSend = undefined;
  await clock.advance(45_000);
  expect(statuses().map(({ name }) => name)).toEqual(["web-1"]);
  expect(queues.items.filter(({ kind }) => kind === "nodeStatus")).toHaveLength(1);
});
