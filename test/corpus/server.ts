/** The API core in memory as the recorded server was set up: an administrator's token, a fresh cluster's objects, no controllers. */
import { generateKeyPairSync } from "node:crypto";
import { systemClock, systemRandom } from "../../lib/apimachinery/clock.ts";
import type { Handler } from "../../lib/apimachinery/http.ts";
import { localSigner } from "../../lib/apiserver/authentication/signer.ts";
import { createClusterServer } from "../../lib/apiserver/cluster-server.ts";
import { podLogConnector } from "../../lib/apiserver/connectors/pod-log.ts";
import { openSqliteStore } from "../../lib/storage/sqlite/store.ts";
import { adminToken } from "./run.ts";

/** Answers one area's cases. */
export interface CorpusServer {
  readonly handle: Handler;
  /** Revisions of all collections are one series, as upstream's are (the SQLite driver's, not DynamoDB's). */
  readonly hasOneSeries?: boolean;
  close(): Promise<void>;
}

/** A server in memory. */
export async function corpusServer(): Promise<CorpusServer> {
  const store = await openSqliteStore({ file: ":memory:", durable: false });
  const server = createClusterServer({
    cluster: "default",
    store,
    clock: systemClock,
    random: systemRandom,
    config: { serviceCIDRs: ["10.96.0.0/16"], nodePortRange: [30000, 32767] },
    keys: [localSigner(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey)],
    serverUrl: "https://192.0.2.2:6443",
    staticTokens: { [adminToken]: { username: "admin", uid: "admin", groups: ["system:masters"] } },
    connectors: { "pods/log": podLogConnector(() => Promise.reject(new Error("no node can be reached"))) },
    logError: (error, request) => console.error(request, error),
  });
  await server.bootstrap({ address: "192.0.2.2", port: 6443 });
  const close = async () => {
    server.close();
    await store.close();
  };
  return { handle: server.handle, hasOneSeries: true, close };
}
