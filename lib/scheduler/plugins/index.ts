/** The only list of scheduler plugins, in the order in which upstream's default profile runs them. */
import type { Plugin } from "../framework.ts";
import { nodeAffinity } from "./nodeaffinity.ts";
import { nodeName } from "./nodename.ts";
import { nodePorts } from "./nodeports.ts";
import { nodeResourcesBalancedAllocation } from "./noderesources-balanced-allocation.ts";
import { nodeResourcesFit } from "./noderesources-fit.ts";
import { nodeUnschedulable } from "./nodeunschedulable.ts";
import { schedulingGates } from "./schedulinggates.ts";
import { taintToleration } from "./tainttoleration.ts";

/** All plugins. */
export const plugins: readonly Plugin[] = [
  schedulingGates,
  nodeUnschedulable,
  nodeName,
  taintToleration,
  nodeAffinity,
  nodePorts,
  nodeResourcesFit,
  nodeResourcesBalancedAllocation,
];
