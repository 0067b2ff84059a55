/** What all requests of one server share. */
import type { Clock, Random } from "../apimachinery/clock.ts";
import type { UserInfo } from "../apimachinery/http.ts";
import type { ClusterConfig, Objects, StrategyContext } from "../registry/strategy.ts";
import type { AdmissionChain } from "./admission-chain.ts";
import type { EndpointTable } from "./endpoint-table.ts";
import type { ResourceStore } from "./resource-store.ts";

/** The shared parts. */
export interface ServerContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly config: ClusterConfig;
  readonly resources: ResourceStore;
  readonly endpoints: EndpointTable;
  readonly admission: AdmissionChain;
  readonly objects: Objects;
  /** The longest that a watch is kept, in milliseconds; it ends cleanly then. */
  readonly maxWatchMs: number;
  /** How often a quiet watch that wants bookmarks gets one, in milliseconds. */
  readonly bookmarkMs: number;
  /** Aborts when the server ends: watches end cleanly. */
  readonly closing: AbortSignal;
  strategyContext(user: UserInfo, version: string, dryRun: boolean): StrategyContext;
}
