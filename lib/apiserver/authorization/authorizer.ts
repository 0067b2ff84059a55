/** The contract of authorizers (upstream: apiserver/pkg/authorization/authorizer). */
import type { AccessAttributes } from "../../registry/strategy.ts";

/** What someone wants to do. */
export type AuthorizationAttributes = AccessAttributes;

/** An authorizer's answer; `reason` is shown to the user, `error` says what went wrong while deciding. */
export interface Decision {
  readonly decision: "allow" | "deny" | "no opinion";
  readonly reason: string;
  readonly error?: string;
}

/** Decides. `index.ts` joins several: the first that allows or denies wins. */
export interface Authorizer {
  authorize(attributes: AuthorizationAttributes): Promise<Decision>;
  /**
   * Whether it will have to look first, and would allow that by what it knows now, which may be old: what can be undone
   * may be begun meanwhile.
   */
  expects?(attributes: AuthorizationAttributes): boolean;
}
