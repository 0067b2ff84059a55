/** A server that is reached over TLS, `coracle up` say: the cases go through sockets, its parser and its certificates. */
import { Agent, request } from "node:https";
import type { ServerRequest, ServerResponse } from "../../lib/apimachinery/http.ts";
import { readKubeconfig } from "../../lib/client/kubeconfig.ts";
import { adminToken } from "./run.ts";
import type { CorpusServer } from "./server.ts";

/** The server of a kubeconfig, whose user is the administrator. Only SQLite's store is known to have one series. */
export function httpsServer(kubeconfig: string): CorpusServer {
  const { server, ca, cert, key, token } = readKubeconfig(kubeconfig);
  const admin = new Agent({ keepAlive: true, ca, cert, key });
  // A certificate would be taken before a token, and nobody is anonymous with one.
  const others = new Agent({ keepAlive: true, ca });
  const handle = (asked: ServerRequest) => {
    const headers = Object.fromEntries(asked.headerNames().map((name) => [name, [...asked.headerValues(name)]]));
    const isAdmin = asked.header("authorization") === `Bearer ${adminToken}`;
    if (isAdmin) delete headers.authorization;
    if (isAdmin && token !== undefined) headers.authorization = [`Bearer ${token}`];
    return send(asked, server + asked.path, headers, isAdmin ? admin : others);
  };
  const close = async () => {
    admin.destroy();
    others.destroy();
  };
  return { handle, hasOneSeries: true, close };
}

async function send(
  asked: ServerRequest,
  url: string,
  headers: Record<string, string[]>,
  agent: Agent,
): Promise<ServerResponse> {
  const body = Buffer.from(await asked.bytes(Number.POSITIVE_INFINITY));
  if (body.length > 0) headers["content-length"] = [String(body.length)];
  return await new Promise((resolve, reject) => {
    const outgoing = request(url, { method: asked.method, headers, agent }, (response) => {
      const answered = { status: response.statusCode ?? 0, body: response };
      const distinct = Object.entries(response.headersDistinct).map(([name, values]) => [name, values ?? []]);
      resolve({ ...answered, headers: Object.fromEntries(distinct) });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
