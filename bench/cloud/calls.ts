/** Warm calls of the api function: its own time, which is what AWS bills, apart from the emulator's around it. */
import { CoreV1Api } from "@kubernetes/client-node";
import type { CloudCluster } from "../../test/localstack/support/cloud-cluster.ts";
import { invocationsOf } from "../../test/localstack/support/invocations.ts";
import type { Row } from "../row.ts";

const count = 200;
const namespace = "default";
const name = "warm";

/** Each call alone, one after the other. */
export async function warmCalls(cluster: CloudCluster): Promise<Row[]> {
  const api = (await cluster.clientConfig()).makeApiClient(CoreV1Api);
  const body = { metadata: { name }, data: { a: "b" } };
  await api.createNamespacedConfigMap({ namespace, body });
  const kinds: Record<string, () => Promise<unknown>> = {
    get: () => api.readNamespacedConfigMap({ namespace, name }),
    list: () => api.listNamespacedConfigMap({ namespace }),
    update: () => api.replaceNamespacedConfigMap({ namespace, name, body }),
  };
  const rows: Row[] = [];
  for (const [kind, call] of Object.entries(kinds)) {
    await call();
    const before = invocationsOf(cluster.deployment).length;
    const whole: number[] = [];
    for (let n = 0; n < count; n++) {
      const started = performance.now();
      await call();
      whole.push(performance.now() - started);
    }
    const own = invocationsOf(cluster.deployment).slice(before);
    const times = own.filter(({ function: of }) => of === "Api").map(({ ms }) => ms);
    const goal = kind === "get" ? { goal: 10, atMost: true } : {};
    rows.push({ name: `warm ${kind}: the function's own time, median`, value: median(times), unit: "ms", ...goal });
    rows.push({ name: `warm ${kind}: with the emulator around it, median`, value: median(whole), unit: "ms" });
  }
  await api.deleteNamespacedConfigMap({ namespace, name });
  return rows;
}

/** The middle one. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
