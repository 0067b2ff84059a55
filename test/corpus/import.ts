/**
 * Makes `test/golden/corpus/AREA.jsonl` from recorded cases: one JSON object a line with a case's requests (`steps`,
 * `setup`, `cleanup`) beside the recorded answers (`want`).
 *
 *   node test/corpus/import.ts DIR     DIR holds AREA.jsonl in the long form
 *
 * Defaults of steps are left out and long runs of one character are written as {"$repeat": ["x", 3000000]} inside texts
 * (`"$repeat"` objects stand for the whole text, with `before` and `after`), so that the files stay small.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
if (folder === undefined) {
  console.error("where from? Type: node test/corpus/import.ts DIR");
  process.exit(2);
}

const defaults: Record<string, unknown> = {
  type: "application/json",
  accept: "application/json",
  watch: false,
  text: false,
};
const longRun = /^(.*?)((.)\3{999,})(.*)$/s;

function shorten(value: unknown): unknown {
  if (typeof value === "string") {
    if (value.length < 2_000) return value;
    const match = longRun.exec(value);
    return match ? { $repeat: [match[3], match[2].length], before: match[1], after: shorten(match[4]) } : value;
  }
  if (Array.isArray(value)) {
    const first = JSON.stringify(value[0]);
    if (value.length > 1_000 && value.every((item) => JSON.stringify(item) === first)) {
      return { $items: [shorten(value[0]), value.length] };
    }
    return value.map(shorten);
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shorten(one)]));
}

function step(full: Record<string, unknown>): unknown {
  const entries = Object.entries(full).filter(([key, value]) => {
    if (value === null) return key === "type";
    if (key in defaults) return value !== defaults[key];
    return !(typeof value === "object" && Object.keys(value).length === 0 && key !== "body");
  });
  return shorten(Object.fromEntries(entries));
}

for (const name of readdirSync(folder).filter((file) => file.endsWith(".jsonl"))) {
  const lines = readFileSync(join(folder, name), "utf8").trim().split("\n");
  const short = lines.map((line) => {
    const { name: title, managed, setup, steps, cleanup, want } = JSON.parse(line);
    return JSON.stringify({
      name: title,
      ...(managed ? { managed } : {}),
      ...(setup.length > 0 ? { setup: setup.map(step) } : {}),
      steps: steps.map(step),
      ...(cleanup.length > 0 ? { cleanup: cleanup.map(step) } : {}),
      want: shorten(want),
    });
  });
  writeFileSync(join(import.meta.dirname, "../golden/corpus", name), `${short.join("\n")}\n`);
}
