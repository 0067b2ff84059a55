/** PodSecurity: a namespace's labels say which of the Pod Security Standards its pods must keep. */
import type { Namespace, Pod, PodTemplateSpec } from "../../../openapi/types/core-v1.ts";
import { namespaces } from "../../../openapi/types/resources.ts";
import { denied } from "../denial.ts";
import type { AdmissionPlugin, Attributes } from "../plugin.ts";
import { findings } from "./checks.ts";
import { validateNamespace } from "./namespace.ts";
import { type Mode, policyOf, policyText } from "./policy.ts";

/** What is said of a pod that does not keep the level of that mode; undefined: it does, or none is asked for. */
function violation({ metadata }: Namespace, mode: Mode, pod: Pod): string | undefined {
  const policy = policyOf(metadata.labels, mode);
  if (policy === undefined) return undefined;
  const found = findings(policy.level, pod).map(({ reason, detail }) => `${reason} (${detail})`);
  if (found.length === 0) return undefined;
  return `violate${mode === "enforce" ? "s" : ""} PodSecurity ${policyText(policy)}: ${found.join(", ")}`;
}

const isNamespace = ({ resource }: Attributes) => resource.group === "" && resource.resource === "namespaces";
const isPod = ({ resource }: Attributes) => resource.group === "" && resource.resource === "pods";

/** The images of all containers: an update that keeps them changes nothing that a level looks at. */
function images(object: unknown): string {
  const { spec } = object as Pod;
  const { initContainers = [], containers = [], ephemeralContainers = [] } = spec ?? {};
  return JSON.stringify([initContainers, containers, ephemeralContainers].map((all) => all.map(({ image }) => image)));
}

/** Kinds whose pods are warned about before they are made. */
const controllers = new Set([
  ...["replicationcontrollers", "podtemplates", "replicasets.apps", "deployments.apps", "statefulsets.apps"],
  ...["daemonsets.apps", "jobs.batch", "cronjobs.batch"],
]);

interface Templated {
  readonly template?: PodTemplateSpec;
  readonly spec?: { readonly template?: PodTemplateSpec; readonly jobTemplate?: { readonly spec?: Templated["spec"] } };
}

function templateOf({ object }: Attributes): Pod | undefined {
  const { template, spec } = object as unknown as Templated;
  return (template ?? spec?.template ?? spec?.jobTemplate?.spec?.template) as unknown as Pod | undefined;
}

/** Refuses pods, and warns of them and of what will make them; namespaces are asked for labels that mean something. */
export const podSecurity: AdmissionPlugin = {
  name: "PodSecurity",
  handles(attributes) {
    const { operation, subresource, resource } = attributes;
    if (operation !== "CREATE" && operation !== "UPDATE") return false;
    if (isPod(attributes)) return subresource === "" || subresource === "ephemeralcontainers";
    if (isNamespace(attributes)) return subresource === "";
    const name = resource.group === "" ? resource.resource : `${resource.resource}.${resource.group}`;
    return subresource === "" && controllers.has(name);
  },
  async validate(attributes) {
    const { object, oldObject } = attributes;
    if (isNamespace(attributes)) return validateNamespace(attributes);
    if (isPod(attributes) && oldObject && images(object) === images(oldObject)) return;
    const found = await attributes.context.objects.get(namespaces, "", attributes.namespace);
    if (!found) return;
    const namespace = found as unknown as Namespace;
    const pod = isPod(attributes) ? (attributes.object as unknown as Pod) : templateOf(attributes);
    if (!pod) return;
    const refusal = isPod(attributes) ? violation(namespace, "enforce", pod) : undefined;
    if (refusal) throw denied(attributes, refusal);
    const warning = violation(namespace, "warn", pod);
    if (warning) attributes.warn(`would ${warning}`);
  },
};
