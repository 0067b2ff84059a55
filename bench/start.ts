/** The time from starting the process to its ready line, with a new data folder and with one that is there already. */
import { percentile } from "./client.ts";
import { startControlPlane, temporaryFolder } from "./control-plane.ts";
import type { Row } from "./row.ts";

const runs = 5;

async function timed(folder: string, nodeFlags: readonly string[]): Promise<number> {
  const plane = await startControlPlane(folder, ["--no-node"], nodeFlags);
  await plane.stop();
  return plane.readyMs / 1_000;
}

/** Medians of five starts each. */
export async function start(nodeFlags: readonly string[]): Promise<Row[]> {
  const fresh: number[] = [];
  const again: number[] = [];
  for (let run = 0; run < runs; run++) {
    const { folder, remove } = temporaryFolder();
    fresh.push(await timed(folder, nodeFlags));
    again.push(await timed(folder, nodeFlags));
    remove();
  }
  return [
    { name: "start to ready, new folder", value: percentile(fresh, 0.5), unit: "s", goal: 0.7, atMost: true },
    { name: "start to ready, again", value: percentile(again, 0.5), unit: "s", goal: 0.7, atMost: true },
  ];
}
