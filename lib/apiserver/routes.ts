/** Paths that are no resources: health, version, discovery, OpenAPI, tokens' keys. */
import { failure, newNotAcceptable } from "../apimachinery/errors.ts";
import type { ServerRequest, ServerResponse } from "../apimachinery/http.ts";
import type { RequestInfo } from "./request-info.ts";
import { pageNotFound, plainText } from "./respond.ts";

/** Answers a path, or gives undefined where it knows it not. */
export type Route = (
  request: ServerRequest,
  info: RequestInfo,
) => Promise<ServerResponse | undefined> | ServerResponse | undefined;

/** The server's health checks by name: each gives undefined when it is well, else what is wrong. */
export type HealthChecks = Readonly<Record<string, () => Promise<string | undefined> | string | undefined>>;

/** /healthz, /livez and /readyz, each with `?verbose` and `?exclude=` and with single checks below it. */
export function healthRoute(checks: HealthChecks): Route {
  return async (_, { path, query }) => {
    const match = /^\/(healthz|livez|readyz)(?:\/(.+))?$/.exec(path);
    if (!match) return undefined;
    const [, endpoint, single] = match;
    if (single !== undefined && !(single in checks)) return pageNotFound;
    const excluded = new Set(query.getAll("exclude"));
    const lines: string[] = [];
    let failed = false;
    for (const [name, check] of Object.entries(checks)) {
      if (single !== undefined && name !== single) continue;
      if (excluded.has(name)) {
        lines.push(`[+]${name} excluded: ok`);
        continue;
      }
      const problem = await check();
      failed ||= problem !== undefined;
      lines.push(problem === undefined ? `[+]${name} ok` : `[-]${name} failed: reason withheld`);
    }
    if (failed) return plainText(500, `${lines.join("\n")}\n${endpoint} check failed\n`);
    if (!query.has("verbose")) return plainText(200, "ok");
    return plainText(200, `${lines.join("\n")}\n${endpoint} check passed\n`);
  };
}

/** /version. */
export function versionRoute(version: Readonly<Record<string, string>>): Route {
  const body = JSON.stringify(version, null, 2);
  return ({ method }, { path }) => {
    if (path !== "/version" && path !== "/version/") return undefined;
    if (method !== "GET") {
      const text = "the server does not allow this method on the requested resource";
      throw failure(405, "MethodNotAllowed", text, {});
    }
    return { status: 200, headers: { "Content-Type": "application/json" }, body };
  };
}

/** Throws 406 where a client takes none of the types. */
export function checkAccept(request: ServerRequest, types: readonly string[]): string {
  const header = request.header("accept");
  if (header === undefined || header === "" || header.includes("*/*")) return types[0];
  const found = types.find((type) => header.includes(type));
  if (found === undefined) throw newNotAcceptable(types);
  return found;
}
