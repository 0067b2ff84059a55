/** Which node a user is (upstream: pkg/auth/nodeidentifier). */
import type { UserInfo } from "../../../apimachinery/http.ts";
import { nodesGroup } from "../../authentication/groups.ts";

const prefix = "system:node:";

/** The node's name, "" for a user that only looks like a node; undefined: no node. */
export function nodeIdentity({ username, groups }: UserInfo): string | undefined {
  if (!username.startsWith(prefix)) return undefined;
  return groups.includes(nodesGroup) ? username.slice(prefix.length) : undefined;
}
