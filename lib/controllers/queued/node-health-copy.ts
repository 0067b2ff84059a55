/** A copy of when nodes were last heard of, as controllers ask for it. */
import type { NodeHealthItem, NodeHealth as StoredHealth } from "../../nodes/health.ts";
import type { NodeHealth } from "./runner.ts";

/** Reads all nodes' health at once: they are small, and a query is one request. */
export class NodeHealthCopy implements NodeHealth {
  readonly #stored: Pick<StoredHealth, "list">;
  #nodes = new Map<string, NodeHealthItem>();

  constructor(stored: Pick<StoredHealth, "list">) {
    this.#stored = stored;
  }

  async refresh(): Promise<void> {
    this.#nodes = new Map((await this.#stored.list()).map((item) => [item.node, item]));
  }

  lastHeard(node: string, uid: string): number | undefined {
    return heardOf(this.#nodes.get(node), uid);
  }
}

/** When the Node with the uid was heard of; what an earlier Node of its name said is no sign of it. */
export function heardOf(item: NodeHealthItem | undefined, uid: string): number | undefined {
  if (item === undefined) return undefined;
  return item.uid === "" || item.uid === uid ? item.heardAt : undefined;
}
