import { expect, test } from "vitest";
import type { AnyObject } from "../../../../lib/apimachinery/meta.ts";
import type { Endpoint } from "../../../../lib/apiserver/endpoint.ts";
import { storedValue } from "../../../../lib/apiserver/stored-value.ts";

/** Numbers below a bound, the same ones for a seed. */
function numbers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

const names = ["resourceVersion", "metadata", "labels", "a", '"resourceVersion":"', "__proto__", "7"];
const texts = ["", "0", '"resourceVersion":"0"', '\\"metadata":{"resourceVersion":"0"}', "\u2028é"];

function anyValue(next: (bound: number) => number, depth: number): unknown {
  const kind = depth === 0 ? 0 : next(4);
  if (kind === 0) return texts[next(texts.length)];
  if (kind === 1) return [anyValue(next, depth - 1), undefined, anyValue(next, depth - 1)];
  if (kind === 2) return undefined;
  return anyRecord(next, depth - 1);
}

function anyRecord(next: (bound: number) => number, depth: number, own: [string, unknown][] = []): AnyObject {
  const entries: [string, unknown][] = names
    .filter((name) => !own.some(([taken]) => taken === name) && next(2) === 0)
    .map((name) => [name, anyValue(next, depth)]);
  for (const entry of own) entries.splice(next(entries.length + 1), 0, entry);
  return Object.fromEntries(entries) as unknown as AnyObject;
}

const endpoint = { strategy: {} } as Endpoint;

test("the revision goes to its own place, whatever else has its name", () => {
  for (let seed = 1; seed <= 2000; seed++) {
    const next = numbers(seed);
    const labels = { resourceVersion: "0", a: '"resourceVersion":"0"' };
    const own: [string, unknown][] = [
      ["labels", labels],
      ["annotations", { resourceVersion: "0" }],
      ["resourceVersion", next(2) === 0 ? undefined : "5"],
    ];
    const metadata = anyRecord(next, 1, own);
    const object = anyRecord(next, 3, [["metadata", metadata]]);
    const text = storedValue(endpoint, object).text(42);
    object.metadata.resourceVersion = "42";
    expect(text, `seed ${seed}`).toBe(JSON.stringify(object));
  }
});
