/** A container's environment (upstream: kubelet.makeEnvironmentVariables). */
import type { Container, EnvVar, Pod } from "../../lib/openapi/types/core-v1.ts";
import { expand } from "./expansion.ts";
import { type PodPlace, podField, resourceField } from "./fields.ts";

/** Where values come from. ConfigMaps and Secrets are undefined where there is none of the name. */
export interface EnvSources {
  configMap(name: string): Promise<{ data?: Record<string, string>; binaryData?: Record<string, string> } | undefined>;
  secret(name: string): Promise<{ data?: Record<string, string> } | undefined>;
  readonly services: ReadonlyMap<string, string>;
  readonly place: PodPlace;
  readonly allocatable: Record<string, string>;
}

/** The variables by name. Values of Secrets may be bytes. Rejects with the text that the pod's status then shows. */
export async function containerEnv(pod: Pod, container: Container, from: EnvSources): Promise<Map<string, Buffer>> {
  const env = new Map<string, Buffer>();
  await addEnvFrom(env, pod, container, from);
  const lookup = (name: string) => env.get(name)?.toString() ?? from.services.get(name);
  for (const variable of container.env ?? []) {
    const value = variable.value
      ? Buffer.from(expand(variable.value, lookup))
      : await valueFrom(pod, container, variable, from);
    if (value !== undefined) env.set(variable.name, value);
  }
  for (const [name, value] of from.services) if (!env.has(name)) env.set(name, Buffer.from(value));
  return env;
}

async function addEnvFrom(env: Map<string, Buffer>, pod: Pod, container: Container, from: EnvSources): Promise<void> {
  for (const { configMapRef, secretRef, prefix = "" } of container.envFrom ?? []) {
    if (configMapRef?.name) {
      const found = await from.configMap(configMapRef.name);
      if (!found && !configMapRef.optional) throw missing("configmap", configMapRef.name);
      for (const [key, value] of Object.entries(found?.data ?? {})) env.set(prefix + key, Buffer.from(value));
    }
    if (secretRef?.name) {
      const found = await from.secret(secretRef.name);
      if (!found && !secretRef.optional) throw missing("secret", secretRef.name);
      for (const [key, value] of Object.entries(found?.data ?? {})) env.set(prefix + key, Buffer.from(value, "base64"));
    }
  }
  void pod;
}

const missing = (what: string, name: string) => new Error(`${what} "${name}" not found`);

/** undefined: the variable is not set at all. */
async function valueFrom(
  pod: Pod,
  container: Container,
  variable: EnvVar,
  from: EnvSources,
): Promise<Buffer | undefined> {
  const source = variable.valueFrom;
  if (source?.fieldRef) return Buffer.from(podField(pod, source.fieldRef.fieldPath, from.place));
  if (source?.resourceFieldRef) {
    const { containerName = container.name } = source.resourceFieldRef;
    const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
    const target = all.find(({ name }) => name === (containerName || container.name));
    if (!target) throw new Error(`container ${containerName} not found`);
    return Buffer.from(resourceField(target, source.resourceFieldRef, from.allocatable));
  }
  const { namespace } = pod.metadata;
  if (source?.configMapKeyRef) {
    const { name = "", key, optional } = source.configMapKeyRef;
    const found = await from.configMap(name);
    const value = found?.data?.[key];
    if (value !== undefined) return Buffer.from(value);
    if (optional) return undefined;
    throw found ? new Error(`couldn't find key ${key} in ConfigMap ${namespace}/${name}`) : missing("configmap", name);
  }
  if (source?.secretKeyRef) {
    const { name = "", key, optional } = source.secretKeyRef;
    const found = await from.secret(name);
    const value = found?.data?.[key];
    if (value !== undefined) return Buffer.from(value, "base64");
    if (optional) return undefined;
    throw found ? new Error(`couldn't find key ${key} in Secret ${namespace}/${name}`) : missing("secret", name);
  }
  return Buffer.alloc(0);
}
