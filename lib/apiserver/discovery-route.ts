/** Discovery: /, /api, /apis and what is below them that is no resource; plain and aggregated. */
import { createHash } from "node:crypto";
import { failure, newGenericNotFound } from "../apimachinery/errors.ts";
import type { ServerRequest, ServerResponse } from "../apimachinery/http.ts";
import {
  aggregatedDiscovery,
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
  builtinGroups,
  type DiscoveryGroup,
  rootPaths,
} from "../openapi/discovery.ts";
import { negotiate, parseAccept } from "./negotiation.ts";
import { jsonText, pageNotFound } from "./respond.ts";
import type { Route } from "./routes.ts";

/** What discovery says. */
export interface DiscoveryOptions {
  /** The groups that are served now; the same array as long as nothing has changed. @default the built-in ones */
  readonly groups?: () => readonly DiscoveryGroup[];
  /** Host and port by which clients reach the server. */
  readonly serverAddress?: string;
}

/** Served beside the API: the other paths of `/`. */
const otherPaths = [
  "/.well-known/openid-configuration",
  "/healthz",
  "/livez",
  "/openapi/v2",
  "/openapi/v3",
  "/openapi/v3/",
  "/openid/v1/jwks",
  "/readyz",
  "/version",
];

const aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** Texts of aggregated discovery by its groups: they are long and asked for by every client's start. */
const aggregatedTexts = new WeakMap<readonly DiscoveryGroup[], Map<string, { text: string; etag: string }>>();

function aggregatedText(all: readonly DiscoveryGroup[], root: "api" | "apis") {
  const known = aggregatedTexts.get(all) ?? new Map<string, { text: string; etag: string }>();
  aggregatedTexts.set(all, known);
  let entry = known.get(root);
  if (!entry) {
    const groups = all.filter(({ group }) => (group === "") === (root === "api"));
    const text = JSON.stringify(aggregatedDiscovery(groups));
    entry = { text, etag: `"${createHash("sha512").update(text).digest("hex").toUpperCase()}"` };
    known.set(root, entry);
  }
  return entry;
}

/** Whether the first form that can be served is the aggregated one. Throws 406 where there is none. */
function wantsAggregated(request: ServerRequest): boolean {
  const header = request.header("accept");
  if (!header?.includes("APIGroupDiscoveryList")) return false;
  for (const { type, parameters } of parseAccept(header)) {
    if (!parameters.has("as")) {
      if (["application/json", "application/yaml", "*/*"].includes(type)) return false;
      continue;
    }
    const good = parameters.get("g") === "apidiscovery.k8s.io" && parameters.get("v") === "v2";
    if (type === "application/json" && good && parameters.get("as") === "APIGroupDiscoveryList") return true;
  }
  return false;
}

function aggregated(request: ServerRequest, groups: readonly DiscoveryGroup[], root: "api" | "apis"): ServerResponse {
  const { text, etag } = aggregatedText(groups, root);
  const headers = { "Content-Type": aggregatedType, "Cache-Control": "public", Etag: etag, Vary: "Accept" };
  if (request.header("if-none-match") === etag) return { status: 304, headers, body: "" };
  return { status: 200, headers, body: text };
}

/** Answers discovery requests. */
export function discoveryRoute({ groups = builtinGroups, serverAddress }: DiscoveryOptions = {}): Route {
  return (request, { path, query, isResource }) => {
    const parts = path.split("/").filter((part) => part !== "");
    const [root, ...rest] = parts;
    if (isResource || path.includes("//") || (root !== undefined && root !== "api" && root !== "apis"))
      return undefined;
    const served = groups();
    const answer = (document: object) => {
      const form = negotiate(request.header("accept"), [], query.has("pretty"));
      return jsonText(200, `${JSON.stringify(document)}\n`, form);
    };
    const onlyGet = () => {
      if (request.method === "GET") return;
      throw failure(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {});
    };
    if (root === undefined) return answer(rootPaths(served, otherPaths));
    if (rest.length === 0) {
      if (root === "api") onlyGet();
      if (wantsAggregated(request)) return aggregated(request, served, root);
      return answer(root === "api" ? apiVersions(serverAddress) : apiGroupList(served));
    }
    const [name, version] = root === "api" ? ["", rest[0]] : rest;
    const group = served.find((one) => one.group === name);
    if (!group || rest.length > 2 || (root === "apis" && name === "")) return pageNotFound;
    if (version === undefined) return answer(apiGroup(group));
    const found = group.versions.find((one) => one.version === version);
    if (!found) throw newGenericNotFound();
    onlyGet();
    return answer(apiResourceList(name, found));
  };
}
