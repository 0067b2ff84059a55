/** The contract of scheduler plugins (upstream: kube-scheduler/framework). Results are values, not exceptions. */
import type { Pod } from "../openapi/types/core-v1.ts";
import type { NodeInfo } from "./node-info.ts";

/** Why a node, or every node, does not do. */
export interface Rejection {
  /** Removing pods from the node would not help. */
  readonly unresolvable: boolean;
  /** Shown to users, counted by node. */
  readonly reasons: readonly string[];
}

/** A node that does not do, though it might if pods went away. */
export const unschedulable = (...reasons: string[]): Rejection => ({ unresolvable: false, reasons });
/** A node that does not do whatever goes away. */
export const unresolvable = (...reasons: string[]): Rejection => ({ unresolvable: true, reasons });

/** What one attempt at one pod keeps between plugins; each plugin has its own key. */
export type CycleState = Map<string, unknown>;

/** The largest score of a node. */
export const maxNodeScore = 100;

/** A plugin: any of the extension points. */
export interface Plugin {
  readonly name: string;
  /** A reason why the pod must not even be queued, with the condition's reason. */
  preEnqueue?(pod: Pod): { reason: string; message: string } | undefined;
  /** Prepares; "skip": its filter has nothing to say about this pod. */
  preFilter?(state: CycleState, pod: Pod): "skip" | undefined;
  /** Undefined: the node will do. Called again for victims that are taken away, so it must read only `node`. */
  filter?(state: CycleState, pod: Pod, node: NodeInfo): Rejection | undefined;
  /** Prepares; "skip": it does not score this pod. */
  preScore?(state: CycleState, pod: Pod, nodes: readonly NodeInfo[]): "skip" | undefined;
  /** Higher is better; 0 to 100 after normalize. */
  score?(state: CycleState, pod: Pod, node: NodeInfo): number;
  /** Brings the scores of all nodes between 0 and 100. */
  normalize?(scores: number[]): void;
  /** How much its score counts; absent: 1. */
  readonly weight?: number;
}

/** Scales to 0..100 by the largest score; reverse: the smallest raw score becomes 100. */
export function normalizeByMax(scores: number[], reverse: boolean): void {
  const max = Math.max(0, ...scores);
  for (const [index, score] of scores.entries()) {
    if (max === 0) {
      if (reverse) scores[index] = maxNodeScore;
      continue;
    }
    const scaled = Math.trunc((score * maxNodeScore) / max);
    scores[index] = reverse ? maxNodeScore - scaled : scaled;
  }
}
