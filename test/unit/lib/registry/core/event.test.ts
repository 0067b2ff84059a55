/** The folder lib/registry/core/event. */
import { describe, expect, test } from "vitest";
import { microTimeText } from "../../../../../lib/apimachinery/clock.ts";
import type { AnyObject } from "../../../../../lib/apimachinery/meta.ts";
import { events } from "../../../../../lib/openapi/conversion/events.ts";
import type { Event } from "../../../../../lib/openapi/types/core-v1.ts";
import { eventStrategy } from "../../../../../lib/registry/core/event/strategy.ts";
import { context, now, problems, updated } from "../objects.ts";

const old = {
  metadata: { name: "e", namespace: "n" },
  involvedObject: { kind: "Pod", name: "p", namespace: "n" },
  reason: "Why",
  type: "Normal",
};
const report = {
  ...old,
  eventTime: "2026-01-01T00:00:00.000001Z",
  reportingComponent: "a.test/c",
  reportingInstance: "c-1",
  action: "Do",
};

const rules = [
  { name: "an old one", version: "v1", event: old, want: [] },
  {
    name: "about another namespace",
    version: "v1",
    event: { ...old, involvedObject: { namespace: "other" } },
    want: ['involvedObject.namespace: Invalid value: "other": does not match event.namespace'],
  },
  {
    name: "about something without a namespace",
    version: "v1",
    event: { ...old, involvedObject: { kind: "Node" } },
    want: ['involvedObject.namespace: Invalid value: "": does not match event.namespace'],
  },
  {
    name: "about a node, where such events live",
    version: "v1",
    event: { ...old, metadata: { name: "e", namespace: "default" }, involvedObject: { kind: "Node" } },
    want: [],
  },
  { name: "a new one", version: "events.k8s.io/v1", event: report, want: [] },
  { name: "the old group is lenient", version: "v1", event: { ...old, type: "Odd" }, want: [] },
  {
    name: "the new group wants a time and a known type",
    version: "events.k8s.io/v1",
    event: { ...old, type: "Odd", count: 3, source: { component: "c" } },
    want: [
      'count: Invalid value: "": needs to be unset',
      "eventTime: Required value",
      'source: Invalid value: "": needs to be unset',
      'type: Invalid value: "": has invalid value: Odd',
    ],
  },
  {
    name: "who reports must be said",
    version: "v1",
    event: { ...report, reportingInstance: "", action: "x".repeat(129), reason: "", message: "x".repeat(1025) },
    want: [
      'action: Invalid value: "": can have at most 128 characters',
      'message: Invalid value: "": can have at most 1024 characters',
      "reason: Required value",
      "reportingInstance: Required value",
    ],
  },
  {
    name: "a series of one",
    version: "events.k8s.io/v1",
    event: { ...report, series: { count: 1 } },
    want: ['series.count: Invalid value: "": should be at least 2', "series.lastObservedTime: Required value"],
  },
];

describe("rules", () => {
  test.each(rules)("$name", async ({ version, event, want }) => {
    expect(await problems("core.v1.Event", eventStrategy, event, context({ version }))).toEqual(want);
  });

  test("the new group lets a series grow and nothing else", async () => {
    const at = context({ version: "events.k8s.io/v1" });
    const grow = (event: typeof report) => {
      Object.assign(event, { series: { count: 2, lastObservedTime: "2026-01-01T00:00:05.000000Z" } });
    };
    const rename = (event: typeof report) => Object.assign(event, { action: "Other" });
    expect((await updated("core.v1.Event", eventStrategy, report, grow as never, "", at)).problems).toEqual([]);
    expect((await updated("core.v1.Event", eventStrategy, report, rename as never, "", at)).problems).toEqual([
      'action: Invalid value: "Other": field is immutable',
    ]);
  });
});

test("fields to select by, by the names of both groups", () => {
  expect(eventStrategy.selectableFields?.(report as unknown as Event)).toMatchObject({
    "involvedObject.name": "p",
    "regarding.name": "p",
    reason: "Why",
    source: "a.test/c",
    reportingComponent: "a.test/c",
    reportingController: "a.test/c",
  });
});

describe("rows", () => {
  const time = (seconds: number) => new Date(now - seconds * 1_000).toISOString();
  const microTime = (seconds: number) => microTimeText(now - seconds * 1_000);
  const counted = {
    ...old,
    message: " what ",
    count: 3,
    firstTimestamp: time(300),
    lastTimestamp: time(60),
    source: { component: "c", host: "h" },
  };
  const cases = [
    {
      name: "an old event",
      event: counted,
      want: ["60s", "Normal", "Why", "pod/p", "", "c, h", "what", "5m", 3, "e"],
    },
    {
      name: "a series",
      event: { ...report, eventTime: microTime(300), series: { count: 7, lastObservedTime: microTime(10) } },
      want: ["10s", "Normal", "Why", "pod/p", "", "a.test/c, c-1", "", "5m", 7, "e"],
    },
    {
      name: "through the new group",
      event: events.toStored({
        metadata: old.metadata,
        regarding: old.involvedObject,
        note: "what",
        eventTime: microTime(60),
        reportingController: "r",
      } as AnyObject),
      want: ["60s", "", "", "pod/p", "", "r", "what", "60s", 1, "e"],
    },
  ];
  test.each(cases)("$name", ({ event, want }) => {
    expect(eventStrategy.cells?.(event as unknown as Event, { now })).toEqual(want);
  });
});
