/** Binding of a pod to a node (upstream: pkg/registry/core/pod/storage/storage.go, BindingREST). */
import { failure, newConflict, newNotFound } from "../../../apimachinery/errors.ts";
import type { AnyObject } from "../../../apimachinery/meta.ts";
import {
  type FieldError,
  fieldErrorText,
  notSupportedAsListed,
  path,
  required,
} from "../../../apimachinery/validation/field.ts";
import type { Binding, Pod } from "../../../openapi/types/core-v1.ts";
import { pods } from "../../../openapi/types/resources.ts";
import type { CreateSubresource, Strategy, StrategyContext } from "../../strategy.ts";
import { setPodCondition } from "./conditions.ts";

const resource = { group: "", resource: "pods/binding" };

/** Upstream throws the plain text of these errors, which makes them a 500. */
function refuse(errors: readonly FieldError[]): void {
  if (errors.length === 0) return;
  const texts = errors.map((error) => `${error.field}: ${fieldErrorText(error)}`);
  throw failure(500, "", texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`);
}

function validate({ target }: Binding): FieldError[] {
  const errors: FieldError[] = [];
  const kind = target?.kind ?? "";
  if (kind !== "" && kind !== "Node") {
    errors.push(notSupportedAsListed(path("target", "kind"), kind, ["Node", "<empty>"]));
  }
  if (!target?.name) errors.push(required(path("target", "name"), ""));
  return errors;
}

/** Why the pod can't be bound; undefined where it can. */
function obstacle({ metadata, spec }: Pod): string | undefined {
  const { name } = metadata;
  if (metadata.deletionTimestamp) return `pod ${name} is being deleted, cannot be assigned to a host`;
  if (spec?.nodeName) return `pod ${name} is already assigned to node ${JSON.stringify(spec.nodeName)}`;
  return spec?.schedulingGates?.length ? `pod ${name} has non-empty .spec.schedulingGates` : undefined;
}

function checkPreconditions({ metadata: wanted }: Binding, { metadata }: Pod): void {
  for (const [field, label, ours] of [
    ["uid", "UID", metadata.uid],
    ["resourceVersion", "ResourceVersion", metadata.resourceVersion],
  ] as const) {
    const value = wanted?.[field];
    if (!value || value === ours) continue;
    const text = `Precondition failed: ${label} in precondition: ${value}, ${label} in object meta: ${ours}`;
    throw newConflict({ group: "", resource: "pods" }, metadata.name, text);
  }
}

function assign(pod: Pod, binding: Binding, now: number): void {
  pod.status ??= {};
  const { spec, status } = pod;
  spec.nodeName = binding.target.name;
  delete status.nominatedNodeName;
  const { metadata } = pod;
  const { annotations, labels } = binding.metadata ?? {};
  metadata.annotations = { ...metadata.annotations, ...annotations };
  if (labels) metadata.labels = { ...metadata.labels, ...labels };
  setPodCondition(status, { type: "PodScheduled", status: "True" }, now);
}

/** Binds a pod. Throws 404, 409 and, for a bad target, 500 as upstream does. */
export async function bind(
  { namespace, name }: { namespace: string; name: string },
  body: AnyObject,
  context: StrategyContext,
): Promise<AnyObject> {
  const binding = body as unknown as Binding;
  if (binding.metadata?.name !== name)
    throw failure(400, "BadRequest", "name in URL does not match name in Binding object");
  refuse(validate(binding));
  const change = (object: AnyObject) => {
    const pod = object as unknown as Pod;
    checkPreconditions(binding, pod);
    const why = obstacle(pod);
    if (why !== undefined) throw newConflict(resource, name, why);
    assign(pod, binding, context.clock.now());
    return object;
  };
  if (context.dryRun) {
    const pod = await context.objects.get(pods, namespace, name);
    if (!pod) throw newNotFound(pods, name);
    change(pod);
  } else await context.objects.update(pods, namespace, name, change, "binding");
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };
}

/** pods/binding */
export const podBinding: CreateSubresource = { definition: "core.v1.Binding", create: bind };

/** bindings: the old path to the same thing. */
export const bindingStrategy: Strategy = {
  review(binding, context) {
    const { namespace = "", name = "" } = binding.metadata;
    return bind({ namespace, name }, binding, context);
  },
};
