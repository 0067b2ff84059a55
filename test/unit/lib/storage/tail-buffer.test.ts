import { describe, expect, test } from "vitest";
import type { LogEntry } from "../../../../lib/storage/interface.ts";
import { TailBuffer } from "../../../../lib/storage/tail-buffer.ts";

function entries(...revisions: number[]): LogEntry[] {
  return revisions.map((revision) => ({ type: "created", key: "k", revision, text: "xx", labels: {}, fields: {} }));
}

const revisions = (found: readonly LogEntry[] | undefined) => found?.map(({ revision }) => revision);

describe("TailBuffer", () => {
  test("knows only what is after its beginning", () => {
    const buffer = new TailBuffer(5);
    buffer.append(entries(6, 8), 5, 9, 5);
    expect(revisions(buffer.after(4))).toBeUndefined();
    expect(revisions(buffer.after(5))).toEqual([6, 8]);
    expect(revisions(buffer.after(6))).toEqual([8]);
    expect(revisions(buffer.after(7))).toEqual([8]);
    expect(revisions(buffer.after(9))).toEqual([]);
    expect(revisions(buffer.after(10))).toBeUndefined();
  });

  test("forgets what everybody has", () => {
    const buffer = new TailBuffer(0);
    buffer.append(entries(1, 2, 3), 0, 3, 0);
    buffer.append(entries(4), 3, 4, 2);
    expect(revisions(buffer.after(1))).toBeUndefined();
    expect(revisions(buffer.after(2))).toEqual([3, 4]);
  });

  test("starts anew where entries don't follow each other", () => {
    const buffer = new TailBuffer(0);
    buffer.append(entries(1), 0, 1, 0);
    buffer.append(entries(9), 8, 9, 0);
    expect(revisions(buffer.after(1))).toBeUndefined();
    expect(revisions(buffer.after(8))).toEqual([9]);
  });

  test.each([
    { name: "entries", many: entries(...Array.from({ length: 1_001 }, (_, n) => n + 1)) },
    { name: "characters", many: entries(1, 2, 3).map((entry) => ({ ...entry, text: "x".repeat(1_500_000) })) },
  ])("too many $name: who reads slowly must read elsewhere", ({ many }) => {
    const buffer = new TailBuffer(0);
    buffer.append(many, 0, many.length, 0);
    expect(buffer.after(0)).toBeUndefined();
    expect(revisions(buffer.after(many.length))).toEqual([]);
  });
});
