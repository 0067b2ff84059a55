/** An API server with a namespace in which pods can be made, for tests of what admission plugins do to objects. */
import { startTestServer, type TestServer } from "./api-server.ts";

/** The server, and what its tests ask for. */
export interface AdmissionServer extends TestServer {
  /** Makes a namespace with its default account; gives its path. */
  namespace(name: string): Promise<string>;
}

/** Pods of a namespace that every such server has. */
export const pods = "/api/v1/namespaces/d/pods";

/** Behind a path: nothing is written. */
export const dry = "?dryRun=All";

/** The container of `pod`. */
export const container = { name: "c", image: "i" };

/** A pod with what is special about it. */
export const pod = (name: string, spec: object = {}, metadata: object = {}) => ({
  metadata: { name, ...metadata },
  spec: { containers: [container], ...spec },
});

/** Starts one. */
export async function startAdmissionServer(): Promise<AdmissionServer> {
  const api = await startTestServer();
  const namespace = async (name: string) => {
    await api.send("POST", "/api/v1/namespaces", { metadata: { name } });
    await api.send("POST", `/api/v1/namespaces/${name}/serviceaccounts`, { metadata: { name: "default" } });
    return `/api/v1/namespaces/${name}`;
  };
  await namespace("d");
  return { ...api, namespace };
}
