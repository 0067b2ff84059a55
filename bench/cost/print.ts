/** Prints the table of docs/cost.md; with `--write`, puts it there. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { counted } from "./counts.ts";
import { costTable } from "./model.ts";

const document = join(import.meta.dirname, "../../docs/cost.md");
const marker = "<!-- made by: node bench/cost/print.ts -->";
const table = costTable(counted);

if (process.argv.includes("--write")) {
  const text = readFileSync(document, "utf8");
  const start = text.indexOf(marker) + marker.length;
  const rest = text.slice(start).replace(/^\n+(\|.*\n)*\n*/, "");
  writeFileSync(document, `${text.slice(0, start)}\n\n${table}\n\n${rest}`);
} else console.log(table);
