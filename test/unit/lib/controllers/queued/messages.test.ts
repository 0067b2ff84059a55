import { describe, expect, it } from "vitest";
import {
  delayMessage,
  MalformedMessage,
  parkedMessage,
  parseDelayMessage,
  parseKeyMessage,
  parseParked,
  parseSchedulerMessage,
  type Wakeup,
  wakeupMessage,
} from "../../../../../lib/controllers/queued/messages.ts";

const wakeup: Wakeup = { cluster: "default", controller: "replicaset-controller", key: "default/web" };
const change = { collection: "/pods", revision: 7 };
const unique = () => "unique";

describe("messages of wake-ups", () => {
  it("are read as they were written", () => {
    const full = { ...wakeup, ...change, attempt: 2 };
    expect(parseKeyMessage(wakeupMessage(full, unique).body)).toEqual(full);
    expect(parseKeyMessage(wakeupMessage(wakeup, unique).body)).toEqual(wakeup);
    const scheduler = { cluster: "default", controller: "scheduler", key: "pending", ...change };
    expect(parseSchedulerMessage(wakeupMessage(scheduler, unique).body)).toEqual(scheduler);
    const delayed = { ...wakeup, attempt: 3, dueAt: 1_700_000_000_000 };
    expect(parseDelayMessage(delayMessage(delayed, 1_699_999_999_000).body)).toEqual(delayed);
  });

  it("have a group of their key, and the scheduler's that of the cluster", () => {
    const group = (more: Partial<Wakeup>) => wakeupMessage({ ...wakeup, ...more }, unique).group;
    expect(group(change)).toBe(group({}));
    const others = [{ cluster: "b" }, { controller: "job-controller" }, { key: "default/web2" }].map(group);
    expect(new Set([group({}), ...others]).size).toBe(4);
    expect(group({ controller: "scheduler", key: "pending" })).toBe("default");
    expect(group({})).toMatch(/^[0-9a-f]{64}$/);
  });

  it("have the same id for the same change, and one of their own without a change", () => {
    const id = (more: Partial<Wakeup>, own = unique) => wakeupMessage({ ...wakeup, ...more }, own).deduplicationId;
    expect(id(change)).toBe(id({ ...change, attempt: 1 }, () => "another"));
    expect(id(change)).not.toBe(id({ ...change, revision: 8 }));
    expect(id(change)).not.toBe(id({ ...change, collection: "/nodes" }));
    expect(id({}, () => "a")).not.toBe(id({}, () => "b"));
    expect(id({}, () => "a")).toBe(id({}, () => "a"));
  });

  it.each([
    ["an hour", 3_600_000, 900],
    ["a quarter of an hour", 900_000, 900],
    ["a part of a second", 1, 1],
    ["nothing", 0, 0],
    ["less than nothing", -5_000, 0],
  ])("are held back for %s as far as the queue can", (_, afterMs, want) => {
    expect(delayMessage({ ...wakeup, dueAt: 10_000_000 + afterMs }, 10_000_000).delaySeconds).toBe(want);
  });

  it.each([
    ["no JSON", "{"],
    ["nothing", ""],
    ["no object", "[]"],
    ["null", "null"],
    ["no cluster", '{"controller":"c","key":"k"}'],
    ["an empty cluster", '{"cluster":"","controller":"c","key":"k"}'],
    ["a cluster of another type", '{"cluster":5,"controller":"c","key":"k"}'],
    ["no controller", '{"cluster":"c","key":"k"}'],
    ["no key", '{"cluster":"c","controller":"c"}'],
    ["a revision that is none", '{"cluster":"c","controller":"c","key":"k","revision":"7"}'],
    ["a negative revision", '{"cluster":"c","controller":"c","key":"k","revision":-1}'],
    ["half an attempt", '{"cluster":"c","controller":"c","key":"k","attempt":0.5}'],
  ])("are refused with %s", (_, body) => {
    expect(() => parseKeyMessage(body)).toThrow(MalformedMessage);
    expect(() => parseDelayMessage(body)).toThrow(MalformedMessage);
  });

  it("are refused without telling what is in them", () => {
    const body = '{"cluster": "c", "password": hunter2';
    expect(() => parseKeyMessage(body)).toThrow("the message is no JSON");
    expect(() => parseSchedulerMessage(body)).not.toThrow("hunter2");
    expect(() => parseDelayMessage('{"cluster":"c","controller":"c","key":"k","dueAt":"soon"}')).toThrow("dueAt");
  });

  it("are due now where they say no time, and keep to what is known of them", () => {
    const body = JSON.stringify({ ...wakeup, revision: null, surplus: true });
    expect(parseDelayMessage(body)).toEqual({ ...wakeup, dueAt: 0 });
  });
});

describe("parked entries", () => {
  const entry = { collection: "apps/deployments", revision: 7, at: 1_700_000_000_000 };
  const parked = { cluster: "default", attempt: 1, entries: [entry, { ...entry, collection: "/pods" }] };
  const body = (more: object) => JSON.stringify({ ...parked, ...more });

  it("are read as they were written, by their places alone", () => {
    const known = { ...entry, object: { data: "secret" }, text: "secret" };
    const message = parkedMessage({ ...parked, entries: [known, parked.entries[1]] });
    expect(parseParked(message.body)).toEqual(parked);
    expect(message.body).not.toContain("secret");
    expect(message.queue).toBe("delays");
  });

  it.each([
    [1, 1],
    [2, 2],
    [5, 16],
    [10, 512],
    [11, 900],
    [2_000, 900],
  ])("come again, after attempt %i, in %i s", (attempt, want) => {
    expect(parkedMessage({ ...parked, attempt }).delaySeconds).toBe(want);
  });

  it("are no wake-ups, and wake-ups are none", () => {
    expect(parseParked(delayMessage({ ...wakeup, dueAt: 0 }, 0).body)).toBeUndefined();
    expect(() => parseDelayMessage(body({}))).toThrow(MalformedMessage);
  });

  it("have failed once where they do not say how often", () => {
    expect(parseParked(body({ attempt: undefined }))).toEqual(parked);
    expect(parseParked(body({ attempt: 0 }))).toEqual(parked);
  });

  it.each<[string, string]>([
    ["no JSON", "{"],
    ["no object", "5"],
    ["no list", body({ entries: "x" })],
    ["no entries", body({ entries: [] })],
    ["entries without end", body({ entries: Array(1_001).fill(entry) })],
    ["no cluster", body({ cluster: undefined })],
    ["an attempt that is none", body({ attempt: "1" })],
    ["an entry that is none", body({ entries: [null] })],
    ["an entry of no collection", body({ entries: [{ ...entry, collection: undefined }] })],
    ["an entry of another partition", body({ entries: [{ ...entry, collection: "/pods#log#0" }] })],
    ["an entry without a revision", body({ entries: [{ ...entry, revision: undefined }] })],
    ["an entry of revision 0", body({ entries: [{ ...entry, revision: 0 }] })],
    ["an entry of no time", body({ entries: [{ ...entry, at: "now" }] })],
  ])("are refused with %s", (_, malformed) => {
    expect(() => parseParked(malformed)).toThrow(MalformedMessage);
  });
});
