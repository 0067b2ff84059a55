/** Templates that a DaemonSet or a StatefulSet has had, kept as ControllerRevisions (upstream: controller/history). */
import { deepCopy, semanticEqual } from "../apimachinery/equality.ts";
import { isAlreadyExists, isNotFound } from "../apimachinery/errors.ts";
import type { KubeObject, Resource } from "../apimachinery/meta.ts";
import type { Client } from "../client/interface.ts";
import type { ControllerRevision } from "../openapi/types/apps-v1.ts";
import type { PodTemplateSpec } from "../openapi/types/core-v1.ts";
import { controllerrevisions } from "../openapi/types/resources.ts";
import { newControllerRef } from "./owned.ts";
import { templateHash } from "./template-hash.ts";

/** On revisions and pods: which revision it is. */
export const revisionHashLabel = "controller-revision-hash";

/** What a revision records of its owner: a patch that sets the template. */
function dataOf(template: PodTemplateSpec): Record<string, unknown> {
  return { spec: { template: { ...deepCopy(template), $patch: "replace" } } };
}

/** The owner's current revision, made or raised to be the newest. */
export interface CurrentRevision {
  readonly hash: string;
  /** Absent where another owner has its name: the owner's collisionCount must be raised. */
  readonly revision?: ControllerRevision;
}

/** Finds, makes or raises the revision of a template among the owner's revisions. */
export async function currentRevision<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  owner: T,
  template: PodTemplateSpec,
  collisionCount: number | undefined,
  revisions: readonly ControllerRevision[],
  hashLabel: string = revisionHashLabel,
): Promise<CurrentRevision> {
  const data = dataOf(template);
  const newest = Math.max(0, ...revisions.map(({ revision }) => revision));
  const existing = revisions.filter((one) => semanticEqual(one.data, data)).sort((a, b) => b.revision - a.revision)[0];
  if (existing !== undefined) {
    const hash = existing.metadata.labels?.[hashLabel] ?? "";
    if (existing.revision === newest) return { hash, revision: existing };
    return { hash, revision: await client.update(controllerrevisions, { ...existing, revision: newest + 1 }) };
  }
  const hash = templateHash(template, collisionCount);
  const { name, namespace, uid, annotations } = owner.metadata;
  const metadata = {
    name: `${name}-${hash}`,
    namespace,
    labels: { ...template.metadata?.labels, [hashLabel]: hash },
    annotations: { ...annotations },
    ownerReferences: [newControllerRef(resource, owner)],
  };
  try {
    return { hash, revision: await client.create(controllerrevisions, { metadata, data, revision: newest + 1 }) };
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const found = await client.get(controllerrevisions, { namespace: namespace ?? "", name: metadata.name });
    const ours = found.metadata.ownerReferences?.some((one) => one.uid === uid) ?? false;
    return ours && semanticEqual(found.data, data) ? { hash, revision: found } : { hash };
  }
}

/** Deletes the oldest revisions beyond the limit, but none that is still in use. */
export async function trimRevisions(
  client: Client,
  revisions: readonly ControllerRevision[],
  inUse: (revision: ControllerRevision) => boolean,
  limit: number,
): Promise<void> {
  const old = revisions.filter((revision) => !inUse(revision)).sort((a, b) => a.revision - b.revision);
  for (const { metadata } of old.slice(0, Math.max(0, old.length - limit))) {
    try {
      await client.delete(controllerrevisions, metadata, { uid: metadata.uid });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
