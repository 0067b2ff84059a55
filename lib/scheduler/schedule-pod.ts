/** One attempt at one pod: filter, score, choose (upstream: scheduler/schedule_one.go). Pure but for `random`. */
import type { Random } from "../apimachinery/clock.ts";
import type { Pod } from "../openapi/types/core-v1.ts";
import type { CycleState, Plugin, Rejection } from "./framework.ts";
import type { NodeInfo } from "./node-info.ts";

/** Where the pod goes, or why it goes nowhere. */
export type Outcome =
  | { readonly node: string }
  | { readonly rejections: ReadonlyMap<string, Rejection>; readonly nodes: number };

/** A pod with what its plugins prepared: can be tried on any node. */
export class Attempt {
  readonly pod: Pod;
  readonly #state: CycleState = new Map();
  readonly #filters: Plugin[];
  readonly #plugins: readonly Plugin[];

  constructor(pod: Pod, plugins: readonly Plugin[]) {
    this.pod = pod;
    this.#plugins = plugins;
    this.#filters = plugins.filter((plugin) => plugin.filter && plugin.preFilter?.(this.#state, pod) !== "skip");
  }

  /** The first rejection of a node. */
  filter(node: NodeInfo): Rejection | undefined {
    for (const plugin of this.#filters) {
      const rejection = plugin.filter?.(this.#state, this.pod, node);
      if (rejection) return rejection;
    }
    return undefined;
  }

  /** The weighted sums of all plugins' scores, in the order of `nodes`. */
  scores(nodes: readonly NodeInfo[]): number[] {
    const sums = nodes.map(() => 0);
    for (const plugin of this.#plugins) {
      if (!plugin.score || plugin.preScore?.(this.#state, this.pod, nodes) === "skip") continue;
      const scores = nodes.map((node) => plugin.score?.(this.#state, this.pod, node) ?? 0);
      plugin.normalize?.(scores);
      for (const [index, score] of scores.entries()) sums[index] += score * (plugin.weight ?? 1);
    }
    return sums;
  }
}

/** How many fitting nodes are enough to choose from: all up to 100, then a falling share (upstream: numFeasibleNodesToFind). */
export function enoughNodes(nodes: number): number {
  if (nodes < 100) return nodes;
  const percentage = Math.max(5, 50 - Math.trunc(nodes / 125));
  return Math.max(100, Math.trunc((nodes * percentage) / 100));
}

/** Tries the nodes from `start` on, round robin, so that large clusters are filled evenly. */
export function schedulePod(
  attempt: Attempt,
  nodes: readonly NodeInfo[],
  random: Random,
  start = 0,
): Outcome & { readonly looked: number } {
  const rejections = new Map<string, Rejection>();
  const fitting: NodeInfo[] = [];
  const wanted = enoughNodes(nodes.length);
  let looked = 0;
  for (; looked < nodes.length && fitting.length < wanted; looked++) {
    const node = nodes[(start + looked) % nodes.length];
    const rejection = attempt.filter(node);
    if (rejection) rejections.set(node.node.metadata.name, rejection);
    else fitting.push(node);
  }
  if (fitting.length === 0) return { rejections, nodes: nodes.length, looked };
  return { node: best(attempt, fitting, random).node.metadata.name, looked };
}

/** The node with the highest score; among equals one by chance. */
function best(attempt: Attempt, nodes: readonly NodeInfo[], random: Random): NodeInfo {
  if (nodes.length === 1) return nodes[0];
  const scores = attempt.scores(nodes);
  const highest = Math.max(...scores);
  const equals = nodes.filter((_, index) => scores[index] === highest);
  return equals[Math.floor(random.number() * equals.length)];
}

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.` */
export function fitErrorText(nodes: number, rejections: ReadonlyMap<string, Rejection>, absent = ""): string {
  if (nodes === 0) return "no nodes available to schedule pods";
  const counts = new Map<string, number>();
  for (const { reasons } of rejections.values()) {
    for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  if (absent !== "" && rejections.size < nodes) counts.set(absent, (counts.get(absent) ?? 0) + nodes - rejections.size);
  const reasons = [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
  return `0/${nodes} nodes are available:${reasons.length === 0 ? "" : ` ${reasons.join(", ")}.`}`;
}
