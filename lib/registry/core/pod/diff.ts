/** The difference of two values for people: a unified diff of their JSON (upstream: apimachinery/pkg/util/diff). */
const context = 3;

interface Line {
  readonly mark: " " | "-" | "+";
  readonly text: string;
  /** Its number in the old and the new text, from 1. */
  readonly old: number;
  readonly now: number;
}

/** The longest common subsequence, as a table of lengths from each pair of positions on. */
function lengths(a: readonly string[], b: readonly string[]): Uint32Array[] {
  const table = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      table[i][j] = a[i] === b[j] ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
    }
  }
  return table;
}

function linesOf(a: readonly string[], b: readonly string[]): Line[] {
  const table = lengths(a, b);
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const place = { old: i + 1, now: j + 1 };
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ mark: " ", text: a[i++], ...place });
      j++;
    } else if (i < a.length && (j === b.length || table[i + 1][j] >= table[i][j + 1])) {
      lines.push({ mark: "-", text: a[i++], ...place });
    } else lines.push({ mark: "+", text: b[j++], ...place });
  }
  return lines;
}

function hunk(lines: readonly Line[]): string {
  const count = (mark: string) => lines.filter((line) => line.mark !== mark).length;
  const head = `@@ -${lines[0].old},${count("+")} +${lines[0].now},${count("-")} @@`;
  return [head, ...lines.map(({ mark, text }) => mark + text)].join("\n");
}

/** Hunks with three lines around each change; "" where both are the same. */
export function diffText(old: unknown, now: unknown): string {
  const [a, b] = [old, now].map((value) => JSON.stringify(value, null, 1).split("\n"));
  const lines = linesOf(a, b);
  const shown = lines.map((_, index) =>
    lines.slice(Math.max(0, index - context), index + context + 1).some(({ mark }) => mark !== " "),
  );
  const hunks: Line[][] = [];
  for (const [index, line] of lines.entries()) {
    if (!shown[index]) continue;
    if (!shown[index - 1]) hunks.push([]);
    hunks[hunks.length - 1].push(line);
  }
  return hunks.map((one) => `${hunk(one)}\n`).join("");
}
