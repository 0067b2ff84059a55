import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type AdmissionServer,
  container,
  dry,
  pod,
  startAdmissionServer,
} from "../../../../../support/admission-server.ts";

let api: AdmissionServer;
beforeAll(async () => {
  api = await startAdmissionServer();
});
afterAll(() => api.close());

async function quota(ns: string, hard: Record<string, string>, spec: object = {}): Promise<void> {
  await api.send("POST", `${ns}/resourcequotas`, { metadata: { name: "q" }, spec: { hard, ...spec } });
  const used = Object.fromEntries(Object.keys(hard).map((name) => [name, "0"]));
  await api.send("PATCH", `${ns}/resourcequotas/q/status`, { status: { hard, used } });
}
const used = async (ns: string) => (await api.send("GET", `${ns}/resourcequotas/q`)).body.status.used;

it("counts objects, and not what is only tried", async () => {
  const ns = await api.namespace("counted");
  await quota(ns, { configmaps: "2", "count/configmaps": "3" });
  await api.send("POST", `${ns}/configmaps${dry}`, { metadata: { name: "dry" } });
  const results = await Promise.all(
    ["a", "b", "c"].map((name) => api.send("POST", `${ns}/configmaps`, { metadata: { name } })),
  );
  expect(results.map(({ status }) => status).sort()).toEqual([201, 201, 403]);
  const refused = results.find(({ status }) => status === 403);
  expect(refused?.body.message).toContain(
    "exceeded quota: q, requested: configmaps=1, used: configmaps=2, limited: configmaps=2",
  );
  expect(await used(ns)).toEqual({ configmaps: "2", "count/configmaps": "2" });
});
it("wants pods to say what it counts, and adds it up", async () => {
  const ns = await api.namespace("computed");
  await quota(ns, { "requests.cpu": "1", pods: "5" });
  expect((await api.send("POST", `${ns}/pods`, pod("p"))).body.message).toBe(
    'pods "p" is forbidden: failed quota: q: must specify requests.cpu for: c',
  );
  const asking = (cpu: string) => ({ containers: [{ ...container, resources: { requests: { cpu } } }] });
  expect((await api.send("POST", `${ns}/pods`, pod("p", asking("600m")))).status).toBe(201);
  expect(await used(ns)).toEqual({ "requests.cpu": "600m", pods: "1" });
  expect((await api.send("POST", `${ns}/pods`, pod("q", asking("600m")))).body.message).toContain(
    "requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests.cpu=1",
  );
});
it("looks at pods in its scope alone", async () => {
  const ns = await api.namespace("scoped");
  await quota(ns, { pods: "0" }, { scopes: ["BestEffort"] });
  expect((await api.send("POST", `${ns}/pods`, pod("p"))).status).toBe(403);
  const sure = { containers: [{ ...container, resources: { requests: { cpu: "1" } } }] };
  expect((await api.send("POST", `${ns}/pods`, pod("p", sure))).status).toBe(201);
});
it("charges a Service only for the ports that it adds", async () => {
  const ns = await api.namespace("served");
  await quota(ns, { "services.nodeports": "2" });
  const port = (one: number) => ({ name: `p${one}`, port: one });
  await api.send("POST", `${ns}/services`, { metadata: { name: "s" }, spec: { type: "NodePort", ports: [port(1)] } });
  const more = { spec: { type: "NodePort", ports: [port(1), port(2)] } };
  expect((await api.send("PATCH", `${ns}/services/s`, more)).status).toBe(200);
  expect(await used(ns)).toEqual({ "services.nodeports": "2" });
});
