/** What needs a way into a node, which the cloud does not have: nodes are reached by queues alone. */
import { failure } from "../../lib/apimachinery/errors.ts";
import type { Connector } from "../../lib/apiserver/dispatch.ts";

/** The message of each, so that kubectl's user reads what is the matter. */
const sentences: Readonly<Record<string, string>> = {
  "pods/log": "logs of pods cannot be read",
  "pods/exec": "commands cannot be run in pods",
  "pods/attach": "pods cannot be attached to",
  "pods/portforward": "ports of pods cannot be forwarded",
  "pods/proxy": "pods cannot be reached through the API server",
  "services/proxy": "services cannot be reached through the API server",
  "nodes/proxy": "nodes cannot be reached through the API server",
};

/** Each answers 501; those of one pod first 404 where there is none. */
export const cloudConnectors: Readonly<Record<string, Connector>> = Object.fromEntries(
  Object.entries(sentences).map(([name, sentence]) => [name, notImplemented(sentence)]),
);

function notImplemented(sentence: string): Connector {
  return async ({ server, endpoint, info }) => {
    // A proxied name may hold a scheme and a port.
    if (info.subresource !== "proxy") await server.resources.getText(endpoint, info.namespace, info.name);
    throw failure(501, "", `${sentence} in this cluster: its nodes take no connections`);
  };
}
