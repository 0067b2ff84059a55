/** The API core in memory as the recorded server was set up: an administrator's token, a fresh cluster's objects, no controllers. */
import type { Handler } from "../../lib/apimachinery/http.ts";
import { createApiServer } from "../../lib/apiserver/server.ts";
import { healthRoute, versionRoute } from "../../lib/apiserver/routes.ts";
import { strategies } from "../../lib/registry/index.ts";
import { openSqliteStore } from "../../lib/storage/sqlite/store.ts";
import { adminToken } from "./run.ts";

/** A server for one area's cases. */
export async function corpusServer(): Promise<{ handle: Handler; close(): Promise<void> }> {
  const store = await openSqliteStore({ file: ":memory:", durable: false });
  const server = createApiServer({
    cluster: "default",
    store,
    strategies,
    authenticator: {
      async authenticate(request) {
        const token = request.header("authorization");
        if (token === `Bearer ${adminToken}`) return { username: "admin", groups: ["system:masters", "system:authenticated"] };
        return { username: "system:anonymous", groups: ["system:unauthenticated"] };
      },
    },
    authorizer: { authorize: async () => ({ decision: "allow", reason: "" }) },
    admission: [],
    config: { serviceCIDRs: ["10.96.0.0/16"], nodePortRange: [30000, 32767] },
    routes: [healthRoute({ ping: () => undefined }), versionRoute({ major: "1", minor: "36", gitVersion: "v1.36.3" })],
    logError: (error, request) => console.error(request, error),
  });
  const close = async () => {
    server.close();
    await store.close();
  };
  return { handle: server.handle, close };
}
