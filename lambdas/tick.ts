/** λ tick: each minute, for all clusters. */
import { openClusters } from "./wiring/cluster.ts";
import { readEnvironment } from "./wiring/environment.ts";
import { inboxControllers } from "./wiring/inboxes.ts";
import { Loops } from "./wiring/loops.ts";
import { Ticker } from "./wiring/ticker.ts";

const environment = readEnvironment();
const ticker = new Ticker(new Loops(environment, openClusters(environment), inboxControllers(environment)));

/** The function. */
export function handler(): Promise<void> {
  return ticker.run();
}
