/**
 * Benchmarks of the control plane, each against its goal. Speed never fails them.
 *
 *   npm run bench                          all
 *   npm run bench -- api start             some
 *   npm run bench -- --profile             where a goal is missed, once more with a profile
 *   npm run bench -- --kubeconfig FILE     `api` against another server
 */
import { loadavg } from "node:os";
import { api } from "./api.ts";
import { apply } from "./apply.ts";
import { startControlPlane, temporaryFolder } from "./control-plane.ts";
import { profileFlags, profileSummary } from "./profile.ts";
import { misses, type Row, table } from "./row.ts";
import { scheduling } from "./scheduling.ts";
import { start } from "./start.ts";

/** The requests of `api` against a control plane of its own, and what memory that takes. */
async function ownApi(nodeFlags: readonly string[]): Promise<Row[]> {
  const { folder, remove } = temporaryFolder();
  const plane = await startControlPlane(folder, ["--no-node", "--controllers=-*"], nodeFlags);
  try {
    const before = plane.memoryMb();
    const rows = await api(plane.kubeconfig);
    return [
      ...rows,
      { name: "control plane's memory, at its start", value: before, unit: "MB", goal: 150, atMost: true },
      { name: "control plane's memory, after these", value: plane.memoryMb(), unit: "MB", goal: 150, atMost: true },
      { name: "control plane's memory, its peak", value: plane.peakMemoryMb(), unit: "MB" },
    ];
  } finally {
    await plane.stop();
    remove();
  }
}

/** What is measured, each with flags for the control plane's Node.js. */
const benchmarks: Record<string, (nodeFlags: readonly string[]) => Promise<Row[]>> = {
  api: ownApi,
  start,
  scheduling,
  apply,
};

async function profiled(name: string): Promise<string> {
  const { folder, remove } = temporaryFolder();
  try {
    await benchmarks[name](profileFlags(folder));
    return profileSummary(folder);
  } finally {
    remove();
  }
}

async function main(args: string[]): Promise<number> {
  const other = args.indexOf("--kubeconfig");
  if (other >= 0) {
    console.log(table(await api(args[other + 1])));
    return 0;
  }
  const names = args.filter((arg) => arg !== "--profile");
  const unknown = names.filter((name) => !(name in benchmarks));
  if (unknown.length > 0) {
    console.error(`no benchmark ${unknown.join(", ")}; there are: ${Object.keys(benchmarks).join(", ")}`);
    return 2;
  }
  console.error(`load of the machine before: ${loadavg()[0].toFixed(2)}`);
  const rows: Row[] = [];
  const summaries: string[] = [];
  for (const name of names.length > 0 ? names : Object.keys(benchmarks)) {
    console.error(`running ${name} ...`);
    const found = await benchmarks[name]([]);
    rows.push(...found);
    const missed = found.filter(misses).map((row) => row.name);
    if (missed.length === 0 || !args.includes("--profile")) continue;
    console.error(`running ${name} with a profile ...`);
    summaries.push(`${name} misses: ${missed.join("; ")}\n${await profiled(name)}`);
  }
  console.log([table(rows), ...summaries].join("\n\n"));
  return 0;
}

process.exit(await main(process.argv.slice(2)));
