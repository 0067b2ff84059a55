import { describe, expect, it } from "vitest";
import { discoverResources } from "../../../../lib/client/discovery.ts";
import type { Client } from "../../../../lib/client/interface.ts";

const resource = (name: string, kind: string, scope: string, verbs: string[]) => ({
  resource: name,
  responseKind: { kind },
  scope,
  verbs,
});

describe("discoverResources", () => {
  it("gives each resource once, at the version that comes first", async () => {
    const asked: unknown[] = [];
    const answers: Record<string, unknown> = {
      "/api": {
        items: [
          { metadata: {}, versions: [{ version: "v1", resources: [resource("pods", "Pod", "Namespaced", ["list"])] }] },
        ],
      },
      "/apis": {
        items: [
          {
            metadata: { name: "autoscaling" },
            versions: [
              { version: "v2", resources: [resource("hpas", "HPA", "Namespaced", ["get"])] },
              { version: "v1", resources: [resource("hpas", "HPA", "Namespaced", ["get"]), { resource: "x" }] },
            ],
          },
          { metadata: { name: "empty" } },
        ],
      },
    };
    const client = {
      async request(_: string, path: string, __: unknown, options: { accept?: string }) {
        asked.push(options.accept?.split(",")[0]);
        return answers[path];
      },
    } as unknown as Client;
    expect(await discoverResources(client)).toEqual([
      { group: "", version: "v1", resource: "pods", kind: "Pod", namespaced: true, verbs: ["list"] },
      { group: "autoscaling", version: "v2", resource: "hpas", kind: "HPA", namespaced: true, verbs: ["get"] },
    ]);
    const want = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    expect(asked).toEqual([want, want]);
  });
});
