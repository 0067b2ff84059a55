/**
 * What an event must be (upstream: pkg/apis/core/validation/events.go). Events of both groups are checked as the core
 * group's.
 */
import { type FieldError, invalid, path, required } from "../../../apimachinery/validation/field.ts";
import { validateImmutableField } from "../../../apimachinery/validation/meta.ts";
import { isDNS1123Subdomain, isQualifiedName } from "../../../apimachinery/validation/names.ts";
import type { Event } from "../../../openapi/types/core-v1.ts";
import { same } from "../../validation/generation.ts";

const limits = { reportingInstance: 128, action: 128, reason: 128 } as const;
const maxMessageBytes = 1024;
const tooLongText = (most: number) => `can have at most ${most} characters`;

function validateController(event: Event, version: string): FieldError[] {
  const at = path(version === "v1" ? "reportingComponent" : "reportingController");
  const controller = event.reportingComponent ?? "";
  return [
    ...(controller === "" ? [required(at, "")] : []),
    ...isQualifiedName(controller).map((problem) => invalid(at, controller, problem)),
  ];
}

/** An event with a time of its own says who reports what. */
function validateReport(event: Event, version: string): FieldError[] {
  const errors = validateController(event, version);
  for (const name of ["reportingInstance", "action", "reason"] as const) {
    const value = event[name] ?? "";
    if (value === "") errors.push(required(path(name), ""));
    if (Buffer.byteLength(value) > limits[name]) errors.push(invalid(path(name), "", tooLongText(limits[name])));
  }
  if (Buffer.byteLength(event.message ?? "") <= maxMessageBytes) return errors;
  return [...errors, invalid(path("message"), "", tooLongText(maxMessageBytes))];
}

/** Rules of every version. */
function validateAny(event: Event, version: string): FieldError[] {
  const namespace = event.metadata.namespace ?? "";
  const about = event.involvedObject?.namespace ?? "";
  // Objects without a namespace: where their events live has changed with the new fields.
  const homes = event.eventTime ? ["default", "kube-system"] : ["", "default"];
  const errors: FieldError[] = [];
  const fits = about === "" ? homes.includes(namespace) : namespace === about || Boolean(event.eventTime);
  if (!fits) errors.push(invalid(path("involvedObject", "namespace"), about, "does not match event.namespace"));
  if (event.eventTime) errors.push(...validateReport(event, version));
  const problems = isDNS1123Subdomain(namespace).map((problem) => invalid(path("namespace"), namespace, problem));
  return [...errors, ...problems];
}

function validateSeries({ series }: Event): FieldError[] {
  if (!series) return [];
  const errors: FieldError[] = [];
  if ((series.count ?? 0) < 2) errors.push(invalid(path("series.count"), "", "should be at least 2"));
  if (!series.lastObservedTime) errors.push(required(path("series.lastObservedTime"), ""));
  return errors;
}

/** A new event. `version` is where it was sent to: the new group is stricter. */
export function validateEventCreate(event: Event, version: string): FieldError[] {
  const errors = validateAny(event, version);
  if (version === "v1") return errors;
  errors.push(...validateSeries(event));
  if (!event.eventTime) errors.push(required(path("eventTime"), ""));
  const { type = "", source } = event;
  if (type !== "Normal" && type !== "Warning") errors.push(invalid(path("type"), "", `has invalid value: ${type}`));
  const unset = {
    firstTimestamp: event.firstTimestamp,
    lastTimestamp: event.lastTimestamp,
    count: event.count,
    source: source?.component || source?.host,
  };
  const given = Object.entries(unset).filter(([, value]) => value);
  return [...errors, ...given.map(([name]) => invalid(path(name), "", "needs to be unset"))];
}

/** As the core group's type has them; two fields of the report are named as the new group does. */
const frozen = [
  ["involvedObject", "involvedObject"],
  ["reason", "reason"],
  ["message", "message"],
  ["source", "source"],
  ["firstTimestamp", "firstTimestamp"],
  ["lastTimestamp", "lastTimestamp"],
  ["count", "count"],
  ["type", "type"],
  ["eventTime", "eventTime"],
  ["action", "action"],
  ["related", "related"],
  ["reportingComponent", "reportingController"],
  ["reportingInstance", "reportingInstance"],
] as const;

/** An event that replaces another: the new group lets its series grow, and nothing else. */
export function validateEventUpdate(event: Event, old: Event, version: string): FieldError[] {
  const errors = validateAny(event, version);
  if (version === "v1") return errors;
  if (!same(event.series, old.series)) errors.push(...validateSeries(event));
  for (const [name, shown] of frozen) errors.push(...validateImmutableField(event[name], old[name], path(shown)));
  return errors;
}
