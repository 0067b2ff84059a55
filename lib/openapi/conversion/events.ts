/** Events of events.k8s.io, stored as the core group's (upstream: pkg/apis/events/v1/conversion.go). */
import type { AnyObject } from "../../apimachinery/meta.ts";
import { canonicalize } from "../decode.ts";

/** Fields that have another name in the core group. */
const names: readonly (readonly [events: string, core: string])[] = [
  ["regarding", "involvedObject"],
  ["note", "message"],
  ["deprecatedSource", "source"],
  ["deprecatedFirstTimestamp", "firstTimestamp"],
  ["deprecatedLastTimestamp", "lastTimestamp"],
  ["deprecatedCount", "count"],
  ["reportingController", "reportingComponent"],
];

function renamed(object: AnyObject, from: 0 | 1): Record<string, unknown> {
  const copy: Record<string, unknown> = { ...object };
  for (const pair of names) {
    const value = copy[pair[from]];
    delete copy[pair[from]];
    if (value !== undefined) copy[pair[1 - from]] = value;
  }
  return copy;
}

/** Between events.k8s.io/v1 and v1. */
export const events = {
  toStored: (object: AnyObject): AnyObject =>
    canonicalize("core.v1.Event", { ...renamed(object, 0), kind: "Event", apiVersion: "v1" } as AnyObject),
  fromStored: (object: AnyObject): AnyObject =>
    canonicalize("events.v1.Event", {
      ...renamed(object, 1),
      kind: "Event",
      apiVersion: "events.k8s.io/v1",
    } as AnyObject),
};
