/**
 * Benchmarks of the control plane, each against its goal. Speed never fails them.
 *
 *   npm run bench                          all
 *   npm run bench -- api start             some
 *   npm run bench -- --kubeconfig FILE     `api` against another server
 */
import { api } from "./api.ts";
import { startControlPlane, temporaryFolder } from "./control-plane.ts";
import { type Row, table } from "./row.ts";
import { scheduling } from "./scheduling.ts";
import { start } from "./start.ts";

/** The requests of `api` against a control plane of its own, and what memory that takes. */
async function ownApi(): Promise<Row[]> {
  const { folder, remove } = temporaryFolder();
  const plane = await startControlPlane(folder, ["--no-node", "--controllers=-*"]);
  try {
    const rows = await api(plane.kubeconfig);
    return [...rows, { name: "control plane's memory", value: plane.memoryMb(), unit: "MB", goal: 150, atMost: true }];
  } finally {
    await plane.stop();
    remove();
  }
}

const benchmarks: Record<string, () => Promise<Row[]>> = { api: ownApi, start, scheduling };
const args = process.argv.slice(2);
const other = args.indexOf("--kubeconfig");
if (other >= 0) {
  console.log(table(await api(args[other + 1])));
  process.exit(0);
}
const unknown = args.filter((name) => !(name in benchmarks));
if (unknown.length > 0) {
  console.error(`no benchmark ${unknown.join(", ")}; there are: ${Object.keys(benchmarks).join(", ")}`);
  process.exit(2);
}
const rows: Row[] = [];
for (const name of args.length > 0 ? args : Object.keys(benchmarks)) {
  console.error(`running ${name} ...`);
  rows.push(...(await benchmarks[name]()));
}
console.log(table(rows));
