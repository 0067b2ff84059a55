/** What needs a way into a node, which the cloud does not have: nodes are reached by queues alone. */
import { failure, StatusError } from "../../lib/apimachinery/errors.ts";
import { podLogConnector } from "../../lib/apiserver/connectors/pod-log.ts";
import { checkConnection } from "../../lib/apiserver/connectors/unserved.ts";
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
const logs = "logs of pods cannot be read";

/** Each answers 501, after what upstream finds wrong with the request before it asks the node (404 of the pod, say). */
export const cloudConnectors: Readonly<Record<string, Connector>> = {
  ...Object.fromEntries(Object.entries(sentences).map(([name, sentence]) => [name, refusing(sentence)])),
  "pods/log": afterChecks(logs, podLogConnector(noWay(logs))),
};

function refusing(sentence: string): Connector {
  return afterChecks(sentence, async (request) => {
    await checkConnection(request);
    return noWay(sentence)();
  });
}

function noWay(sentence: string): () => Promise<never> {
  return () => Promise.reject(failure(501, "", `${sentence} in this cluster: its nodes take no connections`));
}

/** Nodes here need not say where they can be reached: that is no failure of theirs. */
function afterChecks(sentence: string, connector: Connector): Connector {
  return async (request) => {
    try {
      return await connector(request);
    } catch (error) {
      if (error instanceof StatusError && error.code === 500) return noWay(sentence)();
      throw error;
    }
  };
}
