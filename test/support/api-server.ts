/** A whole API server in memory: real identity, real admission, a fresh cluster's objects. */

import { generateKeyPairSync } from "node:crypto";
import type { Clock } from "../../lib/apimachinery/clock.ts";
import { systemClock, systemRandom } from "../../lib/apimachinery/clock.ts";
import { responseText } from "../../lib/apimachinery/http.ts";
import { admissionPlugins } from "../../lib/apiserver/admission/index.ts";
import { localSigner } from "../../lib/apiserver/authentication/signer.ts";
import { ensureBootstrapObjects } from "../../lib/apiserver/bootstrap/reconcile.ts";
import { discoveryRoute } from "../../lib/apiserver/discovery-route.ts";
import { createIdentity } from "../../lib/apiserver/identity.ts";
import { type ApiServer, createApiServer } from "../../lib/apiserver/server.ts";
import { strategies } from "../../lib/registry/index.ts";
import type { Store } from "../../lib/storage/interface.ts";
import { openSqliteStore } from "../../lib/storage/sqlite/store.ts";

/** What a request answered. */
export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every kind.
  readonly body: any;
}

/** A request's headers; several values of one are a list. */
export type Headers = Readonly<Record<string, string | readonly string[]>>;

/** A running server. */
export interface TestServer {
  readonly server: ApiServer;
  readonly store: Store;
  /** As the administrator, unless the headers say otherwise. */
  send(method: string, path: string, body?: unknown, headers?: Headers): Promise<Answer>;
  /** The same as somebody else. */
  as(user: string, groups?: readonly string[]): Headers;
  close(): Promise<void>;
}

/** The administrator's token. */
export const adminToken = "admintoken";

/** Starts one; `clock` is the time of tokens and objects. */
export async function startTestServer(clock: Clock = systemClock): Promise<TestServer> {
  const store = await openSqliteStore({ file: ":memory:", durable: false });
  const closing = new AbortController();
  const identity = createIdentity({
    cluster: "default",
    store,
    clock,
    random: systemRandom,
    signal: closing.signal,
    objects: () => server.objects,
    keys: [localSigner(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey)],
    serverUrl: "https://192.0.2.2:6443",
    trustMs: 1000,
    staticTokens: { [adminToken]: { username: "admin", groups: ["system:masters"] } },
  });
  const server: ApiServer = createApiServer({
    cluster: "default",
    store,
    strategies,
    clock,
    authenticator: identity.authenticator,
    authorizer: identity.authorizer,
    impersonation: identity.impersonation,
    strategyExtras: identity.strategyExtras,
    admission: admissionPlugins,
    config: { serviceCIDRs: ["10.96.0.0/16"], nodePortRange: [30000, 32767] },
    routes: [discoveryRoute(), identity.route],
  });
  await ensureBootstrapObjects(server.context, { address: "192.0.2.2", port: 6443 });
  const send: TestServer["send"] = async (method, path, body, more = {}) => {
    const bytes = Buffer.from(body === undefined ? "" : JSON.stringify(body));
    const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    const given: Headers = { authorization: `Bearer ${adminToken}`, "content-type": type, ...more };
    const headers = new Map(Object.entries(given).filter(([, value]) => value !== ""));
    const values = (name: string) => [headers.get(name) ?? []].flat();
    const response = await server.handle({
      method,
      path,
      header: (name) => (headers.has(name) ? values(name).join(", ") : undefined),
      headerValues: values,
      headerNames: () => [...headers.keys()],
      bytes: async () => bytes,
      signal: closing.signal,
    });
    const text = await responseText(response.body);
    return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : text };
  };
  return {
    server,
    store,
    send,
    as: (user, groups = []) => ({
      "impersonate-user": user,
      ...(groups.length > 0 ? { "impersonate-group": groups } : {}),
    }),
    async close() {
      closing.abort();
      server.close();
      await store.close();
    },
  };
}
