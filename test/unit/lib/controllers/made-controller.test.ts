import { expect, it } from "vitest";
import type { ControllerContext } from "../../../../lib/controllers/controller.ts";
import { ownKey, source } from "../../../../lib/controllers/controller.ts";
import { makeController } from "../../../../lib/controllers/made-controller.ts";
import type { ObjectGraph } from "../../../../lib/controllers/object-graph.ts";
import type { Event } from "../../../../lib/openapi/types/core-v1.ts";
import { configmaps, events, namespaces, secrets } from "../../../../lib/openapi/types/resources.ts";
import { FakeApi } from "../../../support/fake-api.ts";
import { FakeClock, seededRandom } from "../../../support/fake-clock.ts";
import { FakeInformers } from "../../../support/fake-informers.ts";

function make(more: { lastHeard?: () => number; maxWriteDelayMs?: number } = {}, component?: string) {
  const clock = new FakeClock();
  const random = seededRandom(1);
  const api = new FakeApi(clock, random);
  const informers = new FakeInformers(api);
  const clients: string[] = [];
  const contexts: ControllerContext[] = [];
  const entry = {
    name: "test-controller",
    ...(component === undefined ? {} : { component }),
    create(context: ControllerContext) {
      contexts.push(context);
      context.informers.get(namespaces);
      context.informers.get(namespaces);
      return {
        name: "test-controller",
        sources: [source(configmaps, ownKey), source(secrets, ownKey, { fieldSelector: "metadata.name=a" })],
        reconcile: async () => {},
      };
    },
  };
  const client = (name: string) => {
    clients.push(name);
    return api;
  };
  const graph = {} as ObjectGraph;
  const made = makeController(entry, { client, graph, clock, random, rootCertificate: "PEM", ...more }, informers);
  return { api, informers, clients, context: contexts[0], made };
}

it("gives a controller a client of its own, and no more than the composition has", () => {
  const { api, clients, context } = make();
  expect(clients).toEqual(["test-controller"]);
  expect(context.client).toBe(api);
  expect(context.rootCertificate).toBe("PEM");
  expect(context).not.toHaveProperty("lastHeard");
  expect(context).not.toHaveProperty("maxWriteDelayMs");
  expect(make({ lastHeard: () => 7, maxWriteDelayMs: 8 }).context).toMatchObject({ maxWriteDelayMs: 8 });
  expect(make({ lastHeard: () => 7 }).context.lastHeard?.("a", "uid")).toBe(7);
});

it("notes each informer that the controller asks for or has among its sources, once", () => {
  const { informers, made } = make();
  const some = { fieldSelector: "metadata.name=a" };
  expect([...made.informers]).toEqual([
    [informers.get(namespaces), namespaces],
    [informers.get(configmaps), configmaps],
    [informers.get(secrets, some), secrets],
  ]);
});

it.each([
  [undefined, "test-controller"],
  ["component", "component"],
])("records Events as the component %s: %s", async (component, want) => {
  const { api, context, made } = make({}, component);
  const object = await api.create(configmaps, { metadata: { name: "a", namespace: "default" } });
  context.events.event(object, "Normal", "Reason", "a message");
  await made.events.flush();
  expect(api.all<Event>(events).map(({ source }) => source?.component)).toEqual([want]);
});
