/** The API core in memory as the recorded server was set up: an administrator's token, a fresh cluster's objects, no controllers. */
import { generateKeyPairSync } from "node:crypto";
import { systemClock, systemRandom } from "../../lib/apimachinery/clock.ts";
import type { Handler } from "../../lib/apimachinery/http.ts";
import { signingKey } from "../../lib/apiserver/authentication/jwt.ts";
import { ensureBootstrapObjects } from "../../lib/apiserver/bootstrap/reconcile.ts";
import { createIdentity } from "../../lib/apiserver/identity.ts";
import { healthRoute, versionRoute } from "../../lib/apiserver/routes.ts";
import { type ApiServer, createApiServer } from "../../lib/apiserver/server.ts";
import { strategies } from "../../lib/registry/index.ts";
import { openSqliteStore } from "../../lib/storage/sqlite/store.ts";
import { adminToken } from "./run.ts";

/** A server for one area's cases. */
export async function corpusServer(): Promise<{ handle: Handler; close(): Promise<void> }> {
  const store = await openSqliteStore({ file: ":memory:", durable: false });
  const closing = new AbortController();
  const identity = createIdentity({
    cluster: "default",
    store,
    clock: systemClock,
    random: systemRandom,
    signal: closing.signal,
    objects: () => server.objects,
    keys: [signingKey(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey)],
    serverUrl: "https://192.0.2.2:6443",
    staticTokens: { [adminToken]: { username: "admin", uid: "admin", groups: ["system:masters"] } },
  });
  const server: ApiServer = createApiServer({
    cluster: "default",
    store,
    strategies,
    authenticator: identity.authenticator,
    authorizer: identity.authorizer,
    impersonation: identity.impersonation,
    strategyExtras: identity.strategyExtras,
    admission: [],
    config: { serviceCIDRs: ["10.96.0.0/16"], nodePortRange: [30000, 32767] },
    routes: [
      healthRoute({ ping: () => undefined }),
      versionRoute({ major: "1", minor: "36", gitVersion: "v1.36.3" }),
      identity.route,
    ],
    logError: (error, request) => console.error(request, error),
  });
  await ensureBootstrapObjects(server.context, { address: "192.0.2.2", port: 6443 });
  const close = async () => {
    closing.abort();
    server.close();
    await store.close();
  };
  return { handle: server.handle, close };
}
