/** The contract of authorizers (upstream: apiserver/pkg/authorization/authorizer). */
import type { UserInfo } from "../../apimachinery/http.ts";

/** What someone wants to do. For a path that is no resource, `path` is set and the resource's parts are empty. */
export interface AuthorizationAttributes {
  readonly user: UserInfo;
  readonly verb: string;
  readonly namespace: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  readonly path?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

/** An authorizer's answer; `reason` is shown to the user, `error` says what went wrong while deciding. */
export interface Decision {
  readonly decision: "allow" | "deny" | "no opinion";
  readonly reason: string;
  readonly error?: string;
}

/** Decides. `index.ts` joins several: the first that allows or denies wins. */
export interface Authorizer {
  authorize(attributes: AuthorizationAttributes): Promise<Decision>;
}
