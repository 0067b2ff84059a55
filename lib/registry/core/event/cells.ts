/** An event's row (upstream: printEvent). */
import type { Event } from "../../../openapi/types/core-v1.ts";
import { ageCell } from "../../printers/cells.ts";
import type { TableContext } from "../../strategy.ts";

function objectText({ kind = "", name = "" }: Event["involvedObject"]): string {
  return name === "" ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`;
}

function sourceText({ source, reportingComponent, reportingInstance }: Event): string {
  const component = source?.component || reportingComponent || "";
  const instance = source?.host || reportingInstance || "";
  return instance === "" ? component : `${component}, ${instance}`;
}

/** Last seen, type, reason, object, subobject, source, message, first seen, count, name. */
export function eventCells(event: Event, { now }: TableContext): unknown[] {
  const { involvedObject = {}, series } = event;
  const first = ageCell(event.firstTimestamp ?? event.eventTime, now);
  const last = event.lastTimestamp ? ageCell(event.lastTimestamp, now) : first;
  return [
    series ? ageCell(series.lastObservedTime, now) : last,
    event.type ?? "",
    event.reason ?? "",
    objectText(involvedObject),
    involvedObject.fieldPath ?? "",
    sourceText(event),
    (event.message ?? "").trim(),
    first,
    (series ? series.count : event.count) || 1,
    event.metadata.name,
  ];
}
