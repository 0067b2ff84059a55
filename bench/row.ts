/** What a benchmark gives: a figure and what it is held against. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the figure should reach; `atMost` for those where less is better. */
  readonly goal?: number;
  readonly atMost?: boolean;
}

/** Whether the figure falls short of its goal. */
export function misses({ value, goal, atMost }: Row): boolean {
  return goal !== undefined && (atMost ? value > goal : value < goal);
}

/** The table, a row a line, with the ratio to the goal (above 1 is better than it). */
export function table(rows: readonly Row[]): string {
  const cells = rows.map(({ name, value, unit, goal, atMost }) => {
    const ratio = goal === undefined ? "" : (atMost ? goal / value : value / goal).toFixed(2);
    const wanted = goal === undefined ? "" : `${atMost ? "<=" : ">="} ${goal} ${unit}`;
    return [name, `${value < 10 ? value.toFixed(2) : Math.round(value)} ${unit}`, wanted, ratio];
  });
  const all = [["", "figure", "goal", "ratio"], ...cells];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column].length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
