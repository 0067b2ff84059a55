import { expect, it } from "vitest";
import { containerEnv, type EnvSources } from "../../../../agent/pods/env.ts";
import { container, pod } from "../objects.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const sources: EnvSources = {
  configMap: async (name) => (name === "cm" ? { data: { color: "blue", size: "5" } } : undefined),
  secret: async (name) => (name === "sec" ? { data: { key: base64("s3cret") } } : undefined),
  services: new Map([["WEB_SERVICE_HOST", "10.96.0.7"]]),
  place: { podIps: ["10.244.0.5"], hostIps: ["192.0.2.1"], nodeName: "n" },
  allocatable: { cpu: "2", memory: "4Gi" },
};

async function env(more: Parameters<typeof container>[1]): Promise<Record<string, string>> {
  const found = await containerEnv(pod({ serviceAccountName: "robot" }), container("main", more), sources);
  return Object.fromEntries([...found].map(([name, value]) => [name, value.toString()]));
}

it("takes values from everywhere; later ones and own ones win", async () => {
  const got = await env({
    envFrom: [
      { configMapRef: { name: "cm" }, prefix: "P_" },
      { secretRef: { name: "sec" } },
      { configMapRef: { name: "none", optional: true } },
    ],
    env: [
      { name: "P_size", value: "6" },
      { name: "COLOR", valueFrom: { configMapKeyRef: { name: "cm", key: "color" } } },
      { name: "KEY", valueFrom: { secretKeyRef: { name: "sec", key: "key" } } },
      { name: "NONE", valueFrom: { secretKeyRef: { name: "sec", key: "none", optional: true } } },
      { name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
      { name: "CPU", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } },
      { name: "MIX", value: "$(COLOR) $(IP) $(WEB_SERVICE_HOST) $(LATER)" },
      { name: "LATER", value: "" },
    ],
  });
  expect(got).toEqual({
    P_color: "blue",
    P_size: "6",
    key: "s3cret",
    COLOR: "blue",
    KEY: "s3cret",
    IP: "10.244.0.5",
    CPU: "2",
    MIX: "blue 10.244.0.5 10.96.0.7 $(LATER)",
    LATER: "",
    WEB_SERVICE_HOST: "10.96.0.7",
  });
});

it.each([
  { name: "ConfigMap", more: { envFrom: [{ configMapRef: { name: "x" } }] }, want: 'configmap "x" not found' },
  { name: "Secret", more: { envFrom: [{ secretRef: { name: "x" } }] }, want: 'secret "x" not found' },
  {
    name: "key of a ConfigMap",
    more: { env: [{ name: "A", valueFrom: { configMapKeyRef: { name: "cm", key: "no" } } }] },
    want: "couldn't find key no in ConfigMap shop/cm",
  },
  {
    name: "key of a Secret",
    more: { env: [{ name: "A", valueFrom: { secretKeyRef: { name: "sec", key: "no" } } }] },
    want: "couldn't find key no in Secret shop/sec",
  },
])("a missing $name is told", async ({ more, want }) => {
  await expect(env(more)).rejects.toThrow(want);
});
