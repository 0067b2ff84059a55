/** Texts that several kinds' table cells share (upstream: pkg/printers/internalversion/printers.go). */
import { type LabelSelector, labelSelectorAsSelector } from "../../apimachinery/labels.ts";
import { humanDuration } from "./duration.ts";

/** How long ago a time was, as a human would say it: `5m`, `3d2h`. */
export function ageCell(time: string | undefined, now: number): string {
  return time ? humanDuration(now - Date.parse(time)) : "<unknown>";
}

/** A length of time in milliseconds, as a human would say it. */
export const durationCell = humanDuration;

/** The text, or `<none>`. */
export const noneIfEmpty = (text: string) => (text === "" ? "<none>" : text);

/** `a=b,c=d`, sorted by key. */
export function labelsCell(labels: Record<string, string> | undefined): string {
  const keys = Object.keys(labels ?? {}).sort();
  return noneIfEmpty(keys.map((key) => `${key}=${labels?.[key]}`).join(","));
}

/** A label selector as clients type it. */
export function selectorCell(selector: LabelSelector | undefined): string {
  if (!selector) return "<none>";
  const { matchLabels = {}, matchExpressions = [] } = selector;
  if (Object.keys(matchLabels).length === 0 && matchExpressions.length === 0) return "<none>";
  try {
    return noneIfEmpty(labelSelectorAsSelector(selector).toString());
  } catch {
    return "<error>";
  }
}

/** The names and the images of containers. */
export function containerCells(containers: readonly { name: string; image?: string }[] | undefined): [string, string] {
  const list = containers ?? [];
  return [list.map(({ name }) => name).join(","), list.map(({ image }) => image ?? "").join(",")];
}
