/** What needs a way into a node, which the cloud does not have: nodes are reached by queues alone. */
import { failure, type StatusError } from "../../lib/apimachinery/errors.ts";
import { podLogConnector } from "../../lib/apiserver/connectors/pod-log.ts";
import type { Connector } from "../../lib/apiserver/dispatch.ts";

/** What cannot be done, so that kubectl's user reads what is the matter. */
const sentences: Readonly<Record<string, string>> = {
  "pods/exec": "commands cannot be run in pods",
  "pods/attach": "pods cannot be attached to",
  "pods/portforward": "ports of pods cannot be forwarded",
  "pods/proxy": "pods cannot be reached through the API server",
  "services/proxy": "services cannot be reached through the API server",
  "nodes/proxy": "nodes cannot be reached through the API server",
};

const notImplemented = (sentence: string): StatusError =>
  failure(501, "", `${sentence} in this cluster: its nodes take no connections`);

function refusing(sentence: string): Connector {
  return async ({ server, endpoint, info }) => {
    // A proxied name may hold a scheme and a port.
    if (info.subresource !== "proxy") await server.resources.getText(endpoint, info.namespace, info.name);
    throw notImplemented(sentence);
  };
}

/** Each answers 501, after what upstream finds wrong with the request before it asks the node (404 of the pod, say). */
export const cloudConnectors: Readonly<Record<string, Connector>> = {
  ...Object.fromEntries(Object.entries(sentences).map(([name, sentence]) => [name, refusing(sentence)])),
  "pods/log": podLogConnector(() => Promise.reject(notImplemented("logs of pods cannot be read"))),
};
