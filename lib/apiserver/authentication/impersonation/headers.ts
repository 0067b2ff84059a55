/** Whom a request's headers ask to be (upstream: endpoints/filters/impersonation). */
import { newBadRequest } from "../../../apimachinery/errors.ts";
import type { ServerRequest } from "../../../apimachinery/http.ts";

/** The user that is wanted, as the headers name it. */
export interface WantedUser {
  readonly username: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

const extraPrefix = "impersonate-extra-";

function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

const goList = (items: readonly string[]) =>
  items.length === 0 ? "[]string(nil)" : `[]string{${items.map((item) => JSON.stringify(item)).join(", ")}}`;

/** The user as Go prints it: what upstream's message shows. */
function goText({ username, uid, groups, extra }: WantedUser): string {
  const entries = Object.entries(extra).sort(([a], [b]) => (a < b ? -1 : 1));
  const map = entries.map(([key, values]) => `${JSON.stringify(key)}:${goList(values)}`).join(", ");
  const shown = entries.length === 0 ? "map[string][]string(nil)" : `map[string][]string{${map}}`;
  const names = `Name:${JSON.stringify(username)}, UID:${JSON.stringify(uid)}`;
  return `&user.DefaultInfo{${names}, Groups:${goList(groups)}, Extra:${shown}}`;
}

/** Undefined: nobody else is wanted. Throws 400 where only parts of a user are. */
export function wantedUser(request: ServerRequest): WantedUser | undefined {
  const names = request.headerNames().filter((name) => name.startsWith("impersonate-"));
  if (names.length === 0) return undefined;
  const extra: Record<string, string[]> = {};
  for (const name of names) {
    if (!name.startsWith(extraPrefix)) continue;
    const key = unescapeKey(name.slice(extraPrefix.length)).toLowerCase();
    extra[key] = [...(extra[key] ?? []), ...request.headerValues(name)];
  }
  const wanted = {
    username: request.header("impersonate-user") ?? "",
    uid: request.header("impersonate-uid") ?? "",
    groups: names.includes("impersonate-group") ? request.headerValues("impersonate-group") : [],
    extra,
  };
  if (wanted.username !== "") return wanted;
  const isPart = wanted.uid !== "" || wanted.groups.length > 0 || Object.keys(extra).length > 0;
  if (!isPart) return undefined;
  throw newBadRequest(`requested ${goText(wanted)} without impersonating a user name`);
}
