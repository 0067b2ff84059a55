/** A user as reviews show them. */
import type { UserInfo } from "../../apimachinery/http.ts";
import type { UserInfo as ShownUser } from "../../openapi/types/authentication-v1.ts";

/** Without empty parts. */
export function shownUser({ username, uid, groups, extra = {} }: UserInfo): ShownUser {
  const entries = Object.entries(extra).map(([key, values]) => [key, [...values]] as [string, string[]]);
  return {
    ...(username === "" ? {} : { username }),
    ...(uid ? { uid } : {}),
    ...(groups.length === 0 ? {} : { groups: [...groups] }),
    ...(entries.length === 0 ? {} : { extra: Object.fromEntries(entries) }),
  };
}
