/** How connectors reach a node's agent. Compositions bring the transport; the cloud has none yet. */
import type { ServerResponse } from "../../apimachinery/http.ts";

/** A place on a node. */
export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

/** Sends a GET to the agent and gives its answer, streamed. Throws an Error where the node cannot be reached. */
export type NodeDialer = (address: NodeAddress, path: string, signal: AbortSignal) => Promise<ServerResponse>;
