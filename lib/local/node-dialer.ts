/** Reaches agents over HTTPS with the API server's own client certificate. */

import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { failure } from "../apimachinery/errors.ts";
import type { ServerResponse } from "../apimachinery/http.ts";
import type { NodeDialer } from "../apiserver/connectors/node-dialer.ts";
import type { Credential } from "./pki.ts";

/**
 * Agents know the server by its certificate. They show one of their own making, as kubelets do where nothing else is
 * set up, so theirs is not checked.
 */
export function httpsNodeDialer({ certificate, key }: Credential): NodeDialer {
  const agent = new Agent({ cert: certificate, key, rejectUnauthorized: false, keepAlive: true });
  return ({ host, port }, path, signal) =>
    new Promise((resolve, reject) => {
      const outgoing = request({ host, port, path, agent, signal }, (response) => {
        answer(response).then(resolve, reject);
      });
      outgoing.once("error", reject);
      outgoing.end();
    });
}

/** The agent's refusals are texts: clients get them as a Status. */
async function answer(response: IncomingMessage): Promise<ServerResponse> {
  const status = response.statusCode ?? 500;
  if (status < 400) {
    return { status, headers: { "Content-Type": response.headers["content-type"] ?? "text/plain" }, body: response };
  }
  let text = "";
  for await (const chunk of response) text += chunk;
  const reasons: Record<number, string> = { 400: "BadRequest", 404: "NotFound" };
  throw failure(status, reasons[status] ?? "", text.trim());
}
