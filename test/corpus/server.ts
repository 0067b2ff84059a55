/** The API core in memory as the recorded server was set up: an administrator's token, a fresh cluster's objects, no controllers. */
import { generateKeyPairSync } from "node:crypto";
import { systemClock, systemRandom } from "../../lib/apimachinery/clock.ts";
import type { Handler } from "../../lib/apimachinery/http.ts";
import { localSigner } from "../../lib/apiserver/authentication/signer.ts";
import { createClusterServer } from "../../lib/apiserver/cluster-server.ts";
import { openSqliteStore } from "../../lib/storage/sqlite/store.ts";
import { adminToken } from "./run.ts";

/** A server for one area's cases. */
export async function corpusServer(): Promise<{ handle: Handler; close(): Promise<void> }> {
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
    logError: (error, request) => console.error(request, error),
  });
  await server.bootstrap({ address: "192.0.2.2", port: 6443 });
  await forgetHistory(server);
  const close = async () => {
    server.close();
    await store.close();
  };
  return { handle: server.handle, close };
}

/** The recorded server's history did not reach back to revision 1; the first ConfigMap of this one is forgotten too. */
async function forgetHistory({ objects, context }: Awaited<ReturnType<typeof createClusterServer>>): Promise<void> {
  const resource = { group: "", version: "v1", resource: "configmaps" };
  const metadata = { name: "first", namespace: "default" };
  const written = await objects.create(resource, { apiVersion: "v1", kind: "ConfigMap", metadata });
  await objects.delete(resource, metadata.namespace, metadata.name);
  const collection = { cluster: "default", group: "", resource: "configmaps" };
  await context.resources.store.compact(collection, Number(written.metadata.resourceVersion) + 1);
}
