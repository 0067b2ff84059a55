/** Binding a pod to its node (upstream: pkg/registry/core/pod/storage, BindingREST). */

import { timeText } from "../../../apimachinery/clock.ts";
import { failure, newBadRequest, newConflict, newNotFound } from "../../../apimachinery/errors.ts";
import type { AnyObject } from "../../../apimachinery/meta.ts";
import { isValidPathSegmentName } from "../../../apimachinery/validation/names.ts";
import type { Binding, Pod } from "../../../openapi/types/core-v1.ts";
import { pods } from "../../../openapi/types/resources.ts";
import type { CreateSubresource, StrategyContext } from "../../strategy.ts";

const gr = { group: "", resource: "pods/binding" };

/** Throws the 500 without a reason that upstream gives for a bad target. */
function checkTarget({ target }: Binding): void {
  if (target?.kind && target.kind !== "Node") {
    throw failure(
      500,
      "",
      `target.kind: Unsupported value: ${JSON.stringify(target.kind)}: supported values: "Node", "<empty>"`,
    );
  }
  if (!target?.name) throw failure(500, "", "target.name: Required value");
  const [problem] = isValidPathSegmentName(target.name);
  if (problem) throw failure(500, "", `target.name: Invalid value: ${JSON.stringify(target.name)}: ${problem}`);
}

function assign(pod: Pod, binding: Binding, now: string): Pod {
  const { name } = pod.metadata;
  const { uid, resourceVersion, annotations, labels } = binding.metadata;
  const precondition = (what: string, wanted: string, found: string) =>
    newConflict(
      { group: "", resource: "pods" },
      name,
      `Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${found}`,
    );
  if (uid && uid !== pod.metadata.uid) throw precondition("UID", uid, pod.metadata.uid);
  if (resourceVersion && resourceVersion !== pod.metadata.resourceVersion) {
    throw precondition("ResourceVersion", resourceVersion, pod.metadata.resourceVersion);
  }
  if (pod.metadata.deletionTimestamp)
    throw newConflict(gr, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  if (pod.spec.nodeName)
    throw newConflict(gr, name, `pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`);
  if (pod.spec.schedulingGates?.length) throw newConflict(gr, name, `pod ${name} has non-empty .spec.schedulingGates`);
  pod.spec.nodeName = binding.target.name;
  pod.status ??= {};
  delete pod.status.nominatedNodeName;
  if (annotations) pod.metadata.annotations = { ...pod.metadata.annotations, ...annotations };
  if (labels) pod.metadata.labels = { ...pod.metadata.labels, ...labels };
  const conditions = (pod.status.conditions ?? []).filter(({ type }) => type !== "PodScheduled");
  pod.status.conditions = [...conditions, { type: "PodScheduled", status: "True", lastTransitionTime: now }];
  return pod;
}

/** Binds a pod. Throws 404 and 409. */
export async function bind(
  name: { namespace: string; name: string },
  body: AnyObject,
  context: StrategyContext,
): Promise<AnyObject> {
  const binding = body as unknown as Binding;
  if (binding.metadata.name !== name.name) throw newBadRequest("name in URL does not match name in Binding object");
  checkTarget(binding);
  const now = timeText(context.clock.now());
  if (context.dryRun) {
    const pod = await context.objects.get(pods, name.namespace, name.name);
    if (!pod) throw newNotFound({ group: "", resource: "pods" }, name.name);
    assign(pod as unknown as Pod, binding, now);
  } else {
    const change = (object: AnyObject) => assign(object as unknown as Pod, binding, now) as unknown as AnyObject;
    await context.objects.update(pods, name.namespace, name.name, change, "binding");
  }
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };
}

/** pods/binding */
export const podBinding: CreateSubresource = { definition: "core.v1.Binding", create: bind };
