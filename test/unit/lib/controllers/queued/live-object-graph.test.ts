import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createInProcessClient } from "../../../../../lib/client/in-process.ts";
import type { RestClient } from "../../../../../lib/client/rest.ts";
import type { ObjectGraph } from "../../../../../lib/controllers/object-graph.ts";
import { createLiveObjectGraph, type StoredName } from "../../../../../lib/controllers/queued/live-object-graph.ts";
import { configmaps, nodes, secrets } from "../../../../../lib/openapi/types/resources.ts";
import { startTestServer, type TestServer } from "../../../../support/api-server.ts";
import { FakeClock } from "../../../../support/fake-clock.ts";

let server: TestServer;
let client: RestClient;
let graph: ObjectGraph;
let names: StoredName[] | undefined;
const clock = new FakeClock();

beforeEach(async () => {
  server = await startTestServer();
  client = createInProcessClient(server.server.handle, { username: "admin", groups: ["system:masters"] });
  names = undefined;
  graph = createLiveObjectGraph({
    client,
    clock,
    ownedBy: async (uid) =>
      names ?? (await server.store.listByOwner("default", uid)).map(({ collection, key }) => ({ ...collection, key })),
  });
});
afterEach(() => server.close());

const place = { namespace: "default", name: "o" };

async function owned() {
  const owner = await client.create(configmaps, { metadata: place });
  const reference = { apiVersion: "v1", kind: "ConfigMap", name: "o", uid: owner.metadata.uid };
  await client.create(secrets, { metadata: { namespace: "default", name: "d", ownerReferences: [reference] } });
  return reference;
}

describe("the graph that asks the server", () => {
  it("finds an owner where it is named, by its uid", async () => {
    const reference = await owned();
    const found = await graph.find(reference, "default");
    expect([found?.resource.resource, found?.object.metadata.name]).toEqual(["configmaps", "o"]);
    expect(await graph.find({ ...reference, uid: "another" }, "default")).toBeUndefined();
    expect(await graph.find({ ...reference, name: "another" }, "default")).toBeUndefined();
    expect(await graph.find(reference, "kube-system")).toBeUndefined();
    expect(await graph.find(reference, undefined)).toBeUndefined();
    expect(await graph.find({ ...reference, kind: "Nothing" }, "default")).toBeUndefined();
  });

  it("finds an owner without a namespace from within one", async () => {
    const node = await client.create(nodes, { metadata: { name: "n" }, spec: {} });
    const reference = { apiVersion: "v1", kind: "Node", name: "n", uid: node.metadata.uid };
    expect((await graph.find(reference, "default"))?.object.metadata.name).toBe("n");
  });

  it("finds dependents, with type and metadata alone, and believes no index that is behind", async () => {
    const { uid } = await owned();
    const [found, ...rest] = await graph.dependents(uid);
    expect([found.resource.resource, found.object.metadata.name, rest]).toEqual(["secrets", "d", []]);
    expect(Object.keys(found.object).sort()).toEqual(["apiVersion", "kind", "metadata"]);
    names = [
      { group: "", resource: "secrets", key: "default/gone" },
      { group: "", resource: "configmaps", key: "default/o" },
      { group: "example.com", resource: "widgets", key: "default/w" },
    ];
    expect(await graph.dependents(uid)).toEqual([]);
  });

  it("says whether a namespace has objects of a resource", async () => {
    await owned();
    expect(await graph.hasObjects(secrets, "default")).toBe(true);
    expect(await graph.hasObjects(secrets, "kube-public")).toBe(false);
  });

  it("knows resources by kind at whatever version, and leaves Events out", async () => {
    expect((await graph.resourceOf("autoscaling/v1", "HorizontalPodAutoscaler"))?.version).toBe("v2");
    expect((await graph.resource("apps", "deployments"))?.kind).toBe("Deployment");
    expect(await graph.resource("", "events")).toBeUndefined();
    expect(await graph.resourceOf("v1", "Event")).toBeUndefined();
  });

  it("asks what is served again, but not at each question", async () => {
    let asked = 0;
    const counting = new Proxy(client, {
      get: (target, name) => {
        const method = Reflect.get(target, name);
        if (name !== "request") return method;
        asked++;
        return method.bind(target);
      },
    });
    const own = createLiveObjectGraph({ client: counting, clock, ownedBy: async () => [] });
    for (let n = 0; n < 3; n++) await own.resource("example.com", "widgets");
    const once = asked;
    await clock.advance(10_000);
    await own.resource("example.com", "widgets");
    expect([once > 0, asked]).toEqual([true, once * 2]);
  });
});
