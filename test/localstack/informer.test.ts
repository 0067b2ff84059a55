/** An informer of a foreign client over a gateway that buffers: its watches end every few seconds, and nothing is missed. */
import { CoreV1Api, makeInformer, type V1ConfigMap } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../e2e/support/cluster.ts";
import { type CloudCluster, openCluster } from "./support/cloud-cluster.ts";

const durationMs = 120_000;
const changes = 500;
const namespace = "default";
const labelSelector = "informer=true";

describe("@kubernetes/client-node", () => {
  let cluster: CloudCluster;

  beforeAll(async () => {
    cluster = await openCluster();
  }, 120_000);

  afterAll(() => cluster?.close());

  test(
    "an informer sees each of 500 changes within two minutes",
    async () => {
      const config = await cluster.clientConfig();
      const api = config.makeApiClient(CoreV1Api);
      const list = () => api.listNamespacedConfigMap({ namespace, labelSelector });
      const informer = makeInformer(config, `/api/v1/namespaces/${namespace}/configmaps`, list, labelSelector);
      const seen = new Map<string, string[]>();
      const note = ({ metadata }: V1ConfigMap) => {
        const versions = seen.get(metadata?.name ?? "") ?? [];
        versions.push(metadata?.resourceVersion ?? "");
        seen.set(metadata?.name ?? "", versions);
      };
      informer.on("add", note);
      informer.on("update", note);
      const errors: unknown[] = [];
      let stopped = false;
      informer.on("error", (error) => {
        if (stopped) return;
        errors.push(error);
        setTimeout(() => void informer.start(), 1_000);
      });
      await informer.start();
      const made = new Map<string, string[]>();
      const started = performance.now();
      const writers = 5;
      const write = async (writer: number) => {
        for (let n = 0; n < changes / writers; n++) {
          const name = `informed-${writer}-${Math.floor(n / 10)}`;
          const body = { metadata: { name, labels: { informer: "true" } }, data: { n: String(n) } };
          const answer = made.has(name)
            ? await api.replaceNamespacedConfigMap({ namespace, name, body })
            : await api.createNamespacedConfigMap({ namespace, body });
          made.set(name, [...(made.get(name) ?? []), answer.metadata?.resourceVersion ?? ""]);
          const due = started + ((n + 1) / (changes / writers)) * durationMs;
          await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
        }
      };
      await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
      await until("the last changes", async () => {
        return [...made].every(([name, versions]) => seen.get(name)?.at(-1) === versions.at(-1));
      });
      stopped = true;
      await informer.stop();
      expect([...made.values()].flat()).toHaveLength(changes);
      expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(made));
      expect(errors).toEqual([]);
      expect(informer.list()).toHaveLength(made.size);
      await cluster.kubectl(["delete", "configmaps", "-l", labelSelector]);
    },
    durationMs * 3,
  );
});
