import { expect, test } from "vitest";
import { newBadRequest } from "../../../../../lib/apimachinery/errors.ts";
import type { NodeDialer } from "../../../../../lib/apiserver/connectors/node-dialer.ts";
import { podLogConnector } from "../../../../../lib/apiserver/connectors/pod-log.ts";
import { requestInfo } from "../../../../../lib/apiserver/request-info.ts";

const pod = { metadata: { name: "a" }, spec: { nodeName: "n", containers: [{ name: "c" }] } };
const node = {
  status: {
    addresses: [{ type: "InternalIP", address: "10.0.0.1" }],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
  },
};

function logOf(dial: NodeDialer) {
  const objects = { get: async (_resource: unknown, namespace: string) => (namespace === "" ? node : pod) };
  const info = requestInfo("GET", "/api/v1/namespaces/default/pods/a/log");
  const request = { server: { objects }, info, request: { signal: new AbortController().signal } };
  return podLogConnector(dial)(request as unknown as Parameters<ReturnType<typeof podLogConnector>>[0]);
}

test.each([
  {
    name: "what the agent refuses is told as the agent says it",
    error: newBadRequest('container "c" in pod "a" is waiting to start: PodInitializing'),
    want: { code: 400, message: 'container "c" in pod "a" is waiting to start: PodInitializing' },
  },
  {
    name: "an agent that cannot be reached is an internal error",
    error: new Error("connection refused"),
    want: {
      code: 500,
      message: 'Internal error occurred: Get "https://10.0.0.1:10250/containerLogs/default/a/c": connection refused',
    },
  },
])("$name", async ({ error, want }) => {
  await expect(logOf(() => Promise.reject(error))).rejects.toMatchObject({ status: want });
});
