/** Indexes of an Indexed Job as text: `0,3-5,7` (upstream: pkg/apis/batch/validation). */

/** An interval, both ends included. */
type Interval = readonly [number, number];

const isInteger = (text: string) => /^[+-]?\d+$/.test(text);

/** The interval, or a sentence that says what is wrong. */
function parseInterval(text: string, completions: number): Interval | string {
  const limits = text.split("-");
  if (limits.length > 2) {
    return `the fragment ${JSON.stringify(text)} violates the requirement that an index interval can have at most two parts separated by '-'`;
  }
  for (const limit of limits) {
    if (!isInteger(limit)) return `cannot convert string to integer for index: ${JSON.stringify(limit)}`;
    if (Number(limit) >= completions) return `too large index: ${JSON.stringify(limit)}`;
  }
  const [first, last = first] = limits.map(Number);
  if (limits.length === 2 && first >= last) return `non-increasing order, previous: ${first}, current: ${last}`;
  return [first, last];
}

/** How many indexes a text names, or a sentence that says what is wrong with it. */
export function countIndexes(text: string, completions: number): number | string {
  if (text === "") return 0;
  let last: number | undefined;
  let total = 0;
  for (const part of text.split(",")) {
    const interval = parseInterval(part, completions);
    if (typeof interval === "string") return interval;
    if (last !== undefined && last >= interval[0]) {
      return `non-increasing order, previous: ${last}, current: ${interval[0]}`;
    }
    total += interval[1] - interval[0] + 1;
    last = interval[1];
  }
  return total;
}

/** The first index that both texts name; malformed parts are passed over. */
export function firstOverlap(a: string, b: string, completions: number): number | undefined {
  const intervals = (text: string) =>
    (text === "" ? [] : text.split(","))
      .map((part) => parseInterval(part, completions))
      .filter((part): part is Interval => typeof part !== "string");
  const others = intervals(b);
  for (const [first, last] of intervals(a)) {
    const hit = others.find((other) => first <= other[1] && other[0] <= last);
    if (hit) return Math.max(first, hit[0]);
  }
  return undefined;
}
