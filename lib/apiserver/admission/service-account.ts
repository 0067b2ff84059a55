/** ServiceAccount: every pod runs as an account that exists, and its containers find its token in a volume. */
import type {
  Container,
  EphemeralContainer,
  Pod,
  PodSpec,
  ServiceAccount,
  Volume,
} from "../../openapi/types/core-v1.ts";
import { serviceaccounts } from "../../openapi/types/resources.ts";
import { generateName } from "../generate-name.ts";
import { denied } from "./denial.ts";
import type { AdmissionPlugin, Attributes } from "./plugin.ts";

const defaultAccount = "default";
const mountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
const volumePrefix = "kube-api-access-";
const mirror = "kubernetes.io/config.mirror";
const enforceMountable = "kubernetes.io/enforce-mountable-secrets";
/** An hour, and a little more by which the token's use in such a volume is recognized. */
const tokenSeconds = 3607;
/** The default account of a new namespace is made by a controller: so often it is looked for. */
const attempts = 10;

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { expirationSeconds: tokenSeconds, path: "token" } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
        {
          downwardAPI: {
            items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }],
          },
        },
      ],
    },
  };
}

/** Gives the token to every container that has nothing of its own in its place. */
function mountToken(spec: PodSpec, newName: () => string): void {
  const known = spec.volumes?.find(({ name }) => name?.startsWith(volumePrefix));
  const name = known?.name ?? newName();
  let mounted = false;
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    if (container.volumeMounts?.some((mount) => mount.mountPath === mountPath)) continue;
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }];
    mounted = true;
  }
  if (mounted && !known) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)];
}

async function accountOf(attributes: Attributes, name: string): Promise<ServiceAccount> {
  const { namespace, context } = attributes;
  const count = name === defaultAccount ? attempts : 1;
  for (let attempt = 1; ; attempt++) {
    const found = await context.objects.get(serviceaccounts, namespace, name);
    if (found) return found as unknown as ServiceAccount;
    if (attempt === count) break;
    await context.clock.sleep(100 + context.random.number() * 100);
  }
  const text = `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`;
  throw denied(attributes, text);
}

async function admitNew(attributes: Attributes): Promise<void> {
  const { metadata, spec } = attributes.object as unknown as Pod;
  if (!spec || metadata.annotations?.[mirror] !== undefined) return;
  spec.serviceAccountName ||= defaultAccount;
  spec.serviceAccount = spec.serviceAccountName;
  const account = await accountOf(attributes, spec.serviceAccountName);
  const automount = spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
  if (automount) mountToken(spec, () => generateName(volumePrefix, attributes.context.random));
  if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length) {
    spec.imagePullSecrets = account.imagePullSecrets.map(({ name }) => ({ name }));
  }
}

/** What a pod that only shows a node's own one must not have; undefined: nothing of it is there. */
function mirrorProblem(spec: PodSpec): string | undefined {
  if (spec.serviceAccountName) return "a mirror pod may not reference service accounts";
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])];
  const fromEnv = containers.some((container) => secretRefs(container).length > 0);
  const sources = (spec.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []);
  const fromVolumes = spec.volumes?.some(({ secret }) => secret) || sources.some(({ secret }) => secret);
  if (fromEnv || fromVolumes || spec.imagePullSecrets?.length) return "a mirror pod may not reference secrets";
  if (!sources.some(({ serviceAccountToken }) => serviceAccountToken)) return undefined;
  return "a mirror pod may not use ServiceAccountToken volume projections";
}

interface SecretRef {
  readonly place: string;
  readonly secret: string;
}

function secretRefs({ env = [], envFrom = [] }: Container | EphemeralContainer): SecretRef[] {
  const refs: SecretRef[] = [];
  for (const { name, valueFrom } of env) {
    const secret = valueFrom?.secretKeyRef?.name;
    if (valueFrom?.secretKeyRef) refs.push({ place: `envVar ${name}`, secret: secret ?? "" });
  }
  for (const { secretRef } of envFrom) if (secretRef) refs.push({ place: "envFrom", secret: secretRef.name ?? "" });
  return refs;
}

const unlisted = (secret: string, account: string) =>
  `referencing secret.secretName="${secret}" is not allowed because service account ${account} does not reference that secret`;

/** The first reference to a Secret that an account does not list; undefined: none. */
function unlistedInContainers(
  containers: readonly (Container | EphemeralContainer)[] | undefined,
  kind: string,
  mountable: ReadonlySet<string>,
  account: string,
): string | undefined {
  for (const container of containers ?? []) {
    const ref = secretRefs(container).find(({ secret }) => !mountable.has(secret));
    if (ref) return `${kind} ${container.name} with ${ref.place} ${unlisted(ref.secret, account)}`;
  }
  return undefined;
}

function unlistedSecret(spec: PodSpec, { metadata, secrets, imagePullSecrets }: ServiceAccount): string | undefined {
  const { name } = metadata;
  const mountable = new Set((secrets ?? []).map((secret) => secret.name ?? ""));
  for (const { secret } of spec.volumes ?? []) {
    if (!secret || mountable.has(secret.secretName ?? "")) continue;
    return `volume with secret.secretName="${secret.secretName}" is not allowed because service account ${name} does not reference that secret`;
  }
  const inContainers =
    unlistedInContainers(spec.initContainers, "init container", mountable, name) ??
    unlistedInContainers(spec.containers, "container", mountable, name);
  if (inContainers) return inContainers;
  const pullable = new Set((imagePullSecrets ?? []).map((secret) => secret.name ?? ""));
  const index = (spec.imagePullSecrets ?? []).findIndex((secret) => !pullable.has(secret.name ?? ""));
  if (index < 0) return undefined;
  return `imagePullSecrets[${index}].name="${spec.imagePullSecrets?.[index].name}" is not allowed because service account ${name} does not reference that imagePullSecret`;
}

const isTrue = (text: string | undefined) => ["1", "t", "T", "TRUE", "true", "True"].includes(text ?? "");

const enforces = ({ metadata }: ServiceAccount) => isTrue(metadata.annotations?.[enforceMountable]);

/** Sets accounts, mounts tokens, and keeps what accounts limit. */
export const serviceAccount: AdmissionPlugin = {
  name: "ServiceAccount",
  handles({ resource, subresource, operation }) {
    if (resource.group !== "" || resource.resource !== "pods") return false;
    return subresource === ""
      ? operation === "CREATE"
      : subresource === "ephemeralcontainers" && operation === "UPDATE";
  },
  async admit(attributes) {
    if (attributes.operation === "CREATE") await admitNew(attributes);
  },
  async validate(attributes) {
    const { metadata, spec } = attributes.object as unknown as Pod;
    if (!spec) return;
    if (metadata.annotations?.[mirror] !== undefined) {
      const problem = attributes.operation === "CREATE" ? mirrorProblem(spec) : undefined;
      if (problem) throw denied(attributes, problem);
      return;
    }
    const { serviceAccountName: name = "" } = spec;
    if (name === "") {
      throw denied(attributes, `no service account specified for pod ${attributes.namespace}/${metadata.name}`);
    }
    const account = await accountOf(attributes, name);
    if (!enforces(account)) return;
    const mountable = new Set((account.secrets ?? []).map((secret) => secret.name ?? ""));
    const problem =
      attributes.operation === "CREATE"
        ? unlistedSecret(spec, account)
        : unlistedInContainers(spec.ephemeralContainers, "ephemeral container", mountable, account.metadata.name);
    if (problem) throw denied(attributes, problem);
  },
};
