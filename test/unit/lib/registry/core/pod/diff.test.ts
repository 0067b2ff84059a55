import { expect, test } from "vitest";
import { diffText } from "../../../../../../lib/registry/core/pod/diff.ts";

const spec = (command: string) => ({ a: 1, b: 2, c: 3, d: 4, command, e: 5, f: 6, g: 7, h: 8 });

const cases = [
  { name: "nothing changed", old: spec("x"), now: spec("x"), want: "" },
  {
    name: "a changed line with three around it",
    old: spec("x"),
    now: spec("y"),
    want: '@@ -3,7 +3,7 @@\n  "b": 2,\n  "c": 3,\n  "d": 4,\n- "command": "x",\n+ "command": "y",\n  "e": 5,\n  "f": 6,\n  "g": 7,\n',
  },
  { name: "something new", old: {}, now: { a: 1 }, want: '@@ -1,1 +1,3 @@\n-{}\n+{\n+ "a": 1\n+}\n' },
];
test.each(cases)("$name", ({ old, now, want }) => expect(diffText(old, now)).toBe(want));
