/** Requests a second and watch latency: 1,000 ConfigMaps of 1 KB over TLS, 10 requests at once. */
import { percentile, rate, send, stream, targetOf } from "./client.ts";
import type { Row } from "./row.ts";

const objects = 1_000;
const width = 10;
const watchers = 20;
const namespace = `bench-${process.pid}`;
const collection = `/api/v1/namespaces/${namespace}/configmaps`;

const configMap = (name: string) =>
  JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { value: "x".repeat(1_000) } });

/** All of them, in an order in which each finds what it needs. */
export async function api(kubeconfig: string): Promise<Row[]> {
  const target = targetOf(kubeconfig, width);
  const body = JSON.stringify({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  await send(target, "POST", "/api/v1/namespaces", body);
  try {
    // The first requests find cold code; they are not counted.
    await rate(300, width, (index) => send(target, "POST", collection, configMap(`warm-${index}`)));
    await rate(300, width, (index) => send(target, "DELETE", `${collection}/warm-${index}`));
    const create = await rate(objects, width, (index) => send(target, "POST", collection, configMap(`c-${index}`)));
    const get = await rate(10 * objects, width, (index) => send(target, "GET", `${collection}/c-${index % objects}`));
    const list = await rate(300, width, () => send(target, "GET", collection));
    return [
      { name: "create", value: create, unit: "/s", goal: 2_000 },
      { name: "get", value: get, unit: "/s", goal: 8_000 },
      { name: `list of ${objects}`, value: list, unit: "/s", goal: 150 },
      ...(await watchLatency(kubeconfig)),
    ];
  } finally {
    await send(target, "DELETE", `/api/v1/namespaces/${namespace}`);
    target.agent.destroy();
  }
}

/** The time from sending a create to each watcher's event. */
async function watchLatency(kubeconfig: string): Promise<Row[]> {
  const target = targetOf(kubeconfig, watchers + 1);
  const revision = JSON.parse(await send(target, "GET", `${collection}?limit=1`)).metadata.resourceVersion;
  const sent = new Map<string, number>();
  const samples: number[] = [];
  const path = `${collection}?watch=true&resourceVersion=${revision}`;
  const onLine = (line: string) => {
    const start = sent.get(/"name":"(w-\d+)"/.exec(line)?.[1] ?? "");
    if (start !== undefined) samples.push(performance.now() - start);
  };
  const ends = await Promise.all(Array.from({ length: watchers }, () => stream(target, path, onLine)));
  for (let index = 0; index < 200; index++) {
    sent.set(`w-${index}`, performance.now());
    await send(target, "POST", collection, configMap(`w-${index}`));
    const deadline = performance.now() + 5_000;
    while (samples.length < (index + 1) * watchers && performance.now() < deadline) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  for (const end of ends) end();
  target.agent.destroy();
  return [
    {
      name: `watch event, ${watchers} watchers, p50`,
      value: percentile(samples, 0.5),
      unit: "ms",
      goal: 3,
      atMost: true,
    },
    { name: `watch event, ${watchers} watchers, p99`, value: percentile(samples, 0.99), unit: "ms" },
  ];
}
