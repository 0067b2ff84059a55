/** The files of configMap, secret, downwardAPI and projected volumes. */
import type {
  ConfigMap,
  DownwardAPIVolumeFile,
  KeyToPath,
  Pod,
  Secret,
  Volume,
  VolumeProjection,
} from "../../../lib/openapi/types/core-v1.ts";
import { type PodPlace, podField, resourceField } from "../fields.ts";
import type { VolumeFile } from "./atomic-writer.ts";

/** Where the contents come from. */
export interface ContentSources {
  configMap(name: string): Promise<ConfigMap | undefined>;
  secret(name: string): Promise<Secret | undefined>;
  token(audience: string | undefined, expirationSeconds: number): Promise<string>;
  readonly place: PodPlace;
  readonly allocatable: Record<string, string>;
}

type Files = Map<string, VolumeFile>;

const defaultTokenSeconds = 3600;

/** The files; undefined where the volume is of another type. Rejects with what the FailedMount event then says. */
export async function volumeContent(pod: Pod, volume: Volume, from: ContentSources): Promise<Files | undefined> {
  if (volume.configMap) {
    const { name = "", items, defaultMode = 0o644, optional } = volume.configMap;
    return configMapFiles(name, await from.configMap(name), items, defaultMode, optional ?? false);
  }
  if (volume.secret) {
    const { secretName = "", items, defaultMode = 0o644, optional } = volume.secret;
    return secretFiles(secretName, await from.secret(secretName), items, defaultMode, optional ?? false);
  }
  if (volume.downwardAPI) {
    const { items = [], defaultMode = 0o644 } = volume.downwardAPI;
    return downwardFiles(pod, items, defaultMode, from);
  }
  if (volume.projected) {
    const files: Files = new Map();
    const { sources = [], defaultMode = 0o644 } = volume.projected;
    for (const source of sources)
      for (const [path, file] of await projection(pod, source, defaultMode, from)) files.set(path, file);
    return files;
  }
  return undefined;
}

async function projection(pod: Pod, source: VolumeProjection, mode: number, from: ContentSources): Promise<Files> {
  if (source.configMap) {
    const { name = "", items, optional } = source.configMap;
    return configMapFiles(name, await from.configMap(name), items, mode, optional ?? false);
  }
  if (source.secret) {
    const { name = "", items, optional } = source.secret;
    return secretFiles(name, await from.secret(name), items, mode, optional ?? false);
  }
  if (source.downwardAPI) return downwardFiles(pod, source.downwardAPI.items ?? [], mode, from);
  if (source.serviceAccountToken) {
    const { audience, expirationSeconds = defaultTokenSeconds, path } = source.serviceAccountToken;
    const content = Buffer.from(await from.token(audience, expirationSeconds));
    const owner = commonUser(pod);
    const restricted = owner !== undefined || pod.spec.securityContext?.fsGroup !== undefined;
    return new Map([
      [path, { content, mode: restricted ? 0o600 : mode, ...(owner === undefined ? {} : { uid: owner }) }],
    ]);
  }
  throw new Error("the volume has a source that this node does not know");
}

/** The user that all containers run as, if it is one and the same. */
function commonUser(pod: Pod): number | undefined {
  const users = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].map(
    ({ securityContext }) => securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser,
  );
  return users.every((user) => user === users[0]) ? users[0] : undefined;
}

function configMapFiles(
  name: string,
  found: ConfigMap | undefined,
  items: readonly KeyToPath[] | undefined,
  mode: number,
  optional: boolean,
): Files {
  if (!found && !optional) throw new Error(`configmap "${name}" not found`);
  const data = new Map<string, Buffer>();
  for (const [key, value] of Object.entries(found?.data ?? {})) data.set(key, Buffer.from(value));
  for (const [key, value] of Object.entries(found?.binaryData ?? {})) data.set(key, Buffer.from(value, "base64"));
  return pick(data, items, mode, optional, "configmap references non-existent config key");
}

function secretFiles(
  name: string,
  found: Secret | undefined,
  items: readonly KeyToPath[] | undefined,
  mode: number,
  optional: boolean,
): Files {
  if (!found && !optional) throw new Error(`secret "${name}" not found`);
  const entries = Object.entries(found?.data ?? {});
  const data = new Map(entries.map(([key, value]) => [key, Buffer.from(value, "base64")]));
  return pick(data, items, mode, optional, "references non-existent secret key");
}

function pick(
  data: ReadonlyMap<string, Buffer>,
  items: readonly KeyToPath[] | undefined,
  mode: number,
  optional: boolean,
  complaint: string,
): Files {
  if (!items?.length) return new Map([...data].map(([key, content]) => [key, { content, mode }]));
  const files: Files = new Map();
  for (const item of items) {
    const content = data.get(item.key);
    if (content !== undefined) files.set(item.path, { content, mode: item.mode ?? mode });
    else if (!optional) throw new Error(`${complaint}: ${item.key}`);
  }
  return files;
}

function downwardFiles(pod: Pod, items: readonly DownwardAPIVolumeFile[], mode: number, from: ContentSources): Files {
  const files: Files = new Map();
  for (const { path, mode: own, fieldRef, resourceFieldRef } of items) {
    let text = "";
    if (fieldRef) text = podField(pod, fieldRef.fieldPath, from.place);
    else if (resourceFieldRef) {
      const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
      const container = all.find(({ name }) => name === resourceFieldRef.containerName);
      if (!container) throw new Error(`container ${resourceFieldRef.containerName} not found`);
      text = resourceField(container, resourceFieldRef, from.allocatable);
    }
    files.set(path, { content: Buffer.from(text), mode: own ?? mode });
  }
  return files;
}
