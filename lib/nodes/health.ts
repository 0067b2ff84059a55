/** When nodes that report through a queue were last heard of: one small item a node, no object of the API. */

/** What is known of a node. Times are those of the control plane's clock (ms). */
export interface NodeHealthItem {
  readonly node: string;
  /** The Node's uid as the agent knows it. */
  readonly uid: string;
  readonly heardAt: number;
}

/** The health of one cluster's nodes. */
export interface NodeHealth {
  /**
   * Notes that the node was heard of. An older time than the one noted changes nothing. True: its Lease has not been
   * renewed for so long (`leaseEveryMs`) that it is due.
   */
  heard(item: NodeHealthItem, leaseEveryMs: number): Promise<boolean>;
  /** Notes that the Lease was renewed then. */
  leaseRenewed(node: string, at: number): Promise<void>;
  /** All nodes. `eventually`: what was noted a moment before may be missing, at half the price. */
  list(options?: { readonly eventually?: boolean }): Promise<NodeHealthItem[]>;
  /** Forgets a node. */
  remove(node: string): Promise<void>;
}

/** How new a status is: epochs first. */
export interface Position {
  readonly epoch: number;
  readonly sequence: number;
}

/**
 * The newest status that any report has brought, by what it is of: a Node's or Pod's uid. A later one may still be on
 * its way to the API; an earlier one must then no longer be written.
 */
export interface ReportPositions {
  /** Notes the position unless a later one is noted. False: a later one is. */
  claim(node: string, uid: string, position: Position): Promise<boolean>;
  /** Whether the position is still the newest; a consistent read. */
  holds(node: string, uid: string, position: Position): Promise<boolean>;
  /** Forgets what is gone for good. */
  remove(node: string, uid: string): Promise<void>;
  /** How many items of a report, from its first, were noted as taken in when it came before; 0 where none were. */
  taken(node: string, report: Position): Promise<number>;
  /** Notes how many items of a report are taken in, so that they need not be when it comes again. */
  noteTaken(node: string, report: Position, items: number): Promise<void>;
}
