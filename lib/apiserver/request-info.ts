/** What a request is about, read from its method and path alone (upstream: apiserver/pkg/endpoints/request). */

/** A request, taken apart. */
export interface RequestInfo {
  /** Whether the path is one of the resource API: /api/v1/... or /apis/GROUP/VERSION/... with a resource. */
  readonly isResource: boolean;
  /** The decoded path without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly verb: string;
  readonly prefix: string;
  readonly group: string;
  readonly version: string;
  /** "" where the path names none. */
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** The path has the old form /api/v1/watch/... */
  readonly oldWatch: boolean;
  /** More path after the subresource, as proxies have it. */
  readonly rest: readonly string[];
}

const verbs: Record<string, string> = {
  POST: "create",
  GET: "get",
  HEAD: "get",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

/** Subresources of namespaces: with them `namespaces/x/status` is no resource `status` in x. */
const namespaceSubresources = new Set(["status", "finalize"]);

/** Query text as Go reads it: pairs with a semicolon or a bad escape are dropped. */
export function parseQuery(text: string): URLSearchParams {
  if (text === "") return new URLSearchParams();
  const good = text.split("&").filter((pair) => !pair.includes(";") && !/%(?![0-9a-fA-F]{2})/.test(pair));
  return new URLSearchParams(good.join("&"));
}

function decodePath(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Whether a query flag such as watch counts as set: all but false and 0 do. */
export function isTrue(value: string | null): boolean {
  return value !== null && value !== "false" && value !== "0";
}

/** Takes a request apart. */
export function requestInfo(method: string, target: string): RequestInfo {
  const question = target.indexOf("?");
  const path = decodePath(question < 0 ? target : target.slice(0, question));
  const query = parseQuery(question < 0 ? "" : target.slice(question + 1));
  const none = { path, query, namespace: "", resource: "", subresource: "", name: "", oldWatch: false, rest: [] };
  const parts = path.replace(/^\/|\/$/g, "").split("/");
  const grouped = parts[0] === "apis";
  const start = grouped ? 3 : 2;
  const other = { ...none, isResource: false, verb: method.toLowerCase(), prefix: parts[0], group: "", version: "" };
  if (!grouped && parts[0] !== "api") return other;
  const group = grouped ? (parts[1] ?? "") : "";
  const version = parts[start - 1] ?? "";
  if (parts.length <= start || (parts[start] ?? "") === "") return { ...other, group, version };
  let rest = parts.slice(start);
  let verb = verbs[method] ?? method.toLowerCase();
  const oldWatch = rest[0] === "watch" && rest.length > 1;
  if (oldWatch || rest[0] === "proxy") rest = rest.slice(1);
  let namespace = "";
  if (rest[0] === "namespaces") {
    namespace = rest[1] ?? "";
    if (rest.length > 2 && !namespaceSubresources.has(rest[2])) rest = rest.slice(2);
  }
  const [resource, name = "", subresource = ""] = rest;
  if (name === "" && verb === "get") verb = isTrue(query.get("watch")) ? "watch" : "list";
  if (name === "" && verb === "delete") verb = "deletecollection";
  if (oldWatch) verb = "watch";
  if (verb === "list" || verb === "watch") {
    const wanted = /(?:^|,)metadata\.name==?([^,]+)/.exec(query.get("fieldSelector") ?? "");
    if (name === "" && wanted) {
      const info = { isResource: true, path, query, verb, prefix: parts[0], group, version, namespace, resource };
      return { ...info, subresource, name: wanted[1], oldWatch, rest: rest.slice(3) };
    }
  }
  const info = { isResource: true, path, query, verb, prefix: parts[0], group, version, namespace };
  return { ...info, resource, subresource, name, oldWatch, rest: rest.slice(3) };
}
