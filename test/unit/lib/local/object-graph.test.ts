import { describe, expect, it } from "vitest";
import { createObjectGraph } from "../../../../lib/local/object-graph.ts";
import { configmaps, events, secrets } from "../../../../lib/openapi/types/resources.ts";
import { FakeApi } from "../../../support/fake-api.ts";
import { FakeClock, seededRandom } from "../../../support/fake-clock.ts";
import { FakeInformers } from "../../../support/fake-informers.ts";

function start() {
  const clock = new FakeClock();
  const api = new FakeApi(clock, seededRandom(1));
  return { clock, api, graph: createObjectGraph({ client: api, informers: new FakeInformers(api), clock }) };
}

describe("object graph", () => {
  it("finds objects by uid and by owner, whatever they are", async () => {
    const { api, graph } = start();
    await graph.synced;
    const owner = await api.create(configmaps, { metadata: { name: "o", namespace: "x" } });
    const reference = { apiVersion: "v1", kind: "ConfigMap", name: "o", uid: owner.metadata.uid };
    await api.create(secrets, { metadata: { name: "d", namespace: "x", ownerReferences: [reference] } });
    expect((await graph.find(reference, "x"))?.resource.resource).toBe("configmaps");
    const dependents = await graph.dependents(owner.metadata.uid);
    expect(dependents.map(({ resource, object }) => `${resource.resource}/${object.metadata.name}`)).toEqual([
      "secrets/d",
    ]);
    expect(await graph.find({ ...reference, uid: "nobody" }, "x")).toBeUndefined();
    expect([await graph.hasObjects(secrets, "x"), await graph.hasObjects(secrets, "y")]).toEqual([true, false]);
  });

  it("maps kinds to resources at whatever version, and leaves Events out", async () => {
    const { graph } = start();
    await graph.synced;
    expect((await graph.resourceOf("autoscaling/v1", "HorizontalPodAutoscaler"))?.version).toBe("v2");
    expect(await graph.resourceOf("v1", "ConfigMap")).toMatchObject({ resource: "configmaps" });
    expect(await graph.resourceOf("example.com/v1", "Widget")).toBeUndefined();
    expect(await graph.resource("", events.resource)).toBeUndefined();
  });

  it("tells of every change, also of what was there before", async () => {
    const { api, graph } = start();
    await api.create(configmaps, { metadata: { name: "before", namespace: "x" } });
    await graph.synced;
    const seen: string[] = [];
    graph.onChange((resource, { object, old }) => {
      seen.push(`${resource.resource} ${old?.metadata.name ?? "-"} > ${object?.metadata.name ?? "-"}`);
    });
    await api.create(secrets, { metadata: { name: "s", namespace: "x" } });
    await api.delete(configmaps, { namespace: "x", name: "before" });
    expect(seen).toEqual(["configmaps - > before", "secrets - > s", "configmaps before > -"]);
  });

  it("tries discovery until it works", async () => {
    const clock = new FakeClock();
    const api = new FakeApi(clock, seededRandom(1));
    let failures = 3;
    const request = api.request.bind(api);
    api.request = async (method, path) => {
      if (failures-- > 0) throw new Error("starting");
      return request(method, path);
    };
    const errors: unknown[] = [];
    const onError = (error: unknown) => void errors.push(error);
    const graph = createObjectGraph({ client: api, informers: new FakeInformers(api), clock, onError });
    await clock.advance(10_000);
    await graph.synced;
    expect(errors.length).toBeGreaterThan(0);
    expect(await graph.resourceOf("v1", "Secret")).toBeDefined();
  });
});
