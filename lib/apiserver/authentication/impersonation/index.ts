/** Acting as someone else (upstream: endpoints/filters/impersonation/constrained_impersonation.go). */
import type { ServerRequest, UserInfo } from "../../../apimachinery/http.ts";
import { requestAttributes } from "../../authorization/attributes.ts";
import type { Authorizer } from "../../authorization/authorizer.ts";
import type { RequestInfo } from "../../request-info.ts";
import { wantedUser } from "./headers.ts";
import { impersonationModes } from "./mode.ts";

const maxRemembered = 10_000;

/**
 * Gives the user that the request is to be done as. Throws 400 for headers that name no user, and 403 with the first
 * way's refusal where no way is allowed. The way that worked for a requestor is tried first the next time.
 */
export function impersonation(
  authorizer: Authorizer,
): (request: ServerRequest, info: RequestInfo, user: UserInfo) => Promise<UserInfo> {
  const modes = impersonationModes(authorizer);
  const lastMode = new Map<string, number>();
  return async (request, info, user) => {
    const wanted = wantedUser(request);
    if (!wanted) return user;
    const attributes = requestAttributes(info, user);
    const first = lastMode.get(user.username);
    const order = [...modes.keys()].filter((index) => index !== first);
    let refusal: unknown;
    for (const index of first === undefined ? order : [first, ...order]) {
      try {
        const impersonated = await modes[index].impersonate(wanted, attributes);
        if (!impersonated) continue;
        if (lastMode.size >= maxRemembered) lastMode.clear();
        lastMode.set(user.username, index);
        return impersonated;
      } catch (error) {
        refusal ??= error;
      }
    }
    throw refusal;
  };
}
