/** Sets of completion indexes, written as `0,2-5,7` (upstream: controller/job/indexed_job_utils.go). */
import type { Pod } from "../../openapi/types/core-v1.ts";

/** On an indexed Job's pod: which of the completions it is. */
export const completionIndexAnnotation = "batch.kubernetes.io/job-completion-index";

/** Both ends belong to it. */
type Interval = readonly [first: number, last: number];

/** A set of indexes that stays small where they are contiguous. */
export class IndexSet {
  readonly #intervals: readonly Interval[];

  private constructor(intervals: readonly Interval[]) {
    this.#intervals = intervals;
  }

  /** Reads a text; what is no index, or not below `completions`, is left out. */
  static parse(text: string | undefined, completions: number): IndexSet {
    const intervals: Interval[] = [];
    for (const part of (text ?? "").split(",")) {
      const match = /^([0-9]+)(?:-([0-9]+))?$/.exec(part);
      if (match === null) continue;
      const first = Number(match[1]);
      const last = Math.min(Number(match[2] ?? match[1]), completions - 1);
      if (first <= last) intervals.push([first, last]);
    }
    return new IndexSet(merged(intervals));
  }

  static of(indexes: Iterable<number>): IndexSet {
    return new IndexSet(merged([...indexes].map((index): Interval => [index, index])));
  }

  get size(): number {
    return this.#intervals.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  }

  has(index: number): boolean {
    return this.#intervals.some(([first, last]) => first <= index && index <= last);
  }

  union(other: IndexSet): IndexSet {
    return new IndexSet(merged([...this.#intervals, ...other.#intervals]));
  }

  /** How many indexes both have. */
  overlap(other: IndexSet): number {
    let count = 0;
    for (const [first, last] of this.#intervals) {
      for (const [otherFirst, otherLast] of other.#intervals)
        count += Math.max(0, Math.min(last, otherLast) - Math.max(first, otherFirst) + 1);
    }
    return count;
  }

  /** The first `count` indexes below `completions` that are not in the set. */
  firstMissing(count: number, completions: number): number[] {
    const missing: number[] = [];
    let candidate = 0;
    for (const [first, last] of [...this.#intervals, [completions, completions] as Interval]) {
      for (; candidate < Math.min(first, completions) && missing.length < count; candidate++) missing.push(candidate);
      candidate = Math.max(candidate, last + 1);
    }
    return missing;
  }

  toString(): string {
    return this.#intervals
      .map(([first, last]) => (first === last ? `${first}` : `${first}${last === first + 1 ? "," : "-"}${last}`))
      .join(",");
  }
}

function merged(intervals: readonly Interval[]): Interval[] {
  const result: [number, number][] = [];
  for (const [first, last] of [...intervals].sort((a, b) => a[0] - b[0])) {
    const previous = result.at(-1);
    if (previous === undefined || first > previous[1] + 1) result.push([first, last]);
    else previous[1] = Math.max(previous[1], last);
  }
  return result;
}

/** A pod's completion index; undefined where it has none. */
export function completionIndex(pod: Pod): number | undefined {
  const text = pod.metadata.annotations?.[completionIndexAnnotation];
  return text !== undefined && /^[0-9]+$/.test(text) ? Number(text) : undefined;
}
