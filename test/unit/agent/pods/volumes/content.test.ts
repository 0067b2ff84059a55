import { expect, it } from "vitest";
import { type ContentSources, volumeContent } from "../../../../../agent/pods/volumes/content.ts";
import type { Volume } from "../../../../../lib/openapi/types/core-v1.ts";
import { container, pod } from "../../objects.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const from: ContentSources = {
  configMap: async (name) =>
    name === "cm" ? ({ data: { a: "1", b: "2" }, binaryData: { c: base64("\u0000") } } as never) : undefined,
  secret: async (name) => (name === "sec" ? ({ data: { key: base64("s3cret") } } as never) : undefined),
  token: async (audience, seconds) => `token for ${audience} ${seconds}`,
  place: { podIps: ["10.244.0.5"], hostIps: ["192.0.2.1"], nodeName: "n" },
  allocatable: {},
};
const labelled = pod(
  { containers: [container("main", { resources: { limits: { cpu: "2" } } })] },
  { metadata: { ...pod().metadata, labels: { app: "web" } } },
);

async function files(volume: Omit<Volume, "name">, object = labelled): Promise<Record<string, string>> {
  const found = (await volumeContent(object, { name: "v", ...volume }, from)) ?? new Map();
  return Object.fromEntries(
    [...found].map(([path, { content, mode, uid }]) => [path, `${content} ${mode.toString(8)}${uid ? ` ${uid}` : ""}`]),
  );
}

it.each([
  { name: "ConfigMap", volume: { configMap: { name: "cm" } }, want: { a: "1 644", b: "2 644", c: "\u0000 644" } },
  {
    name: "some of a ConfigMap",
    volume: {
      configMap: {
        name: "cm",
        defaultMode: 0o600,
        items: [
          { key: "a", path: "x/y" },
          { key: "b", path: "b", mode: 0o400 },
        ],
      },
    },
    want: { "x/y": "1 600", b: "2 400" },
  },
  { name: "optional ConfigMap", volume: { configMap: { name: "none", optional: true } }, want: {} },
  { name: "Secret", volume: { secret: { secretName: "sec" } }, want: { key: "s3cret 644" } },
  {
    name: "downward API",
    volume: {
      downwardAPI: {
        items: [
          { path: "labels", fieldRef: { fieldPath: "metadata.labels" } },
          { path: "cpu", resourceFieldRef: { containerName: "main", resource: "limits.cpu" } },
        ],
      },
    },
    want: { labels: 'app="web" 644', cpu: "2 644" },
  },
  {
    name: "projected",
    volume: {
      projected: {
        sources: [
          { serviceAccountToken: { path: "token", audience: "me", expirationSeconds: 600 } },
          { configMap: { name: "cm", items: [{ key: "a", path: "ca.crt" }] } },
          { secret: { name: "sec" } },
          { downwardAPI: { items: [{ path: "namespace", fieldRef: { fieldPath: "metadata.namespace" } }] } },
        ],
      },
    },
    want: { token: "token for me 600 644", "ca.crt": "1 644", key: "s3cret 644", namespace: "shop 644" },
  },
] as { name: string; volume: Omit<Volume, "name">; want: object }[])("$name", async ({ volume, want }) => {
  expect(await files(volume)).toEqual(want);
});

it("a token is its user's alone where all containers run as one", async () => {
  const projected = { sources: [{ serviceAccountToken: { path: "token" } }] };
  expect(await files({ projected }, pod({ securityContext: { runAsUser: 7 } }))).toEqual({
    token: "token for undefined 3600 600 7",
  });
});

it.each([
  { volume: { configMap: { name: "none" } }, want: 'configmap "none" not found' },
  { volume: { secret: { secretName: "none" } }, want: 'secret "none" not found' },
  {
    volume: { configMap: { name: "cm", items: [{ key: "z", path: "z" }] } },
    want: "configmap references non-existent config key: z",
  },
  {
    volume: { secret: { secretName: "sec", items: [{ key: "z", path: "z" }] } },
    want: "references non-existent secret key: z",
  },
])("$want", async ({ volume, want }) => {
  await expect(files(volume)).rejects.toThrow(want);
});

it("knows nothing of other volumes", async () => {
  expect(await volumeContent(pod(), { name: "v", emptyDir: {} }, from)).toBeUndefined();
});
