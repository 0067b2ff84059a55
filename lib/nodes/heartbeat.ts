/** Nodes write that they live into their Nodes, too, every few minutes: no news to anybody who is told of changes. */
import { deepEqual } from "../apimachinery/equality.ts";
import type { KubeObject } from "../apimachinery/meta.ts";
import type { Node } from "../openapi/types/core-v1.ts";

/** An object before and after a change. */
export interface BeforeAndAfter {
  readonly object?: KubeObject;
  readonly old?: KubeObject;
}

/** Whether nothing of a Node has changed but when it was last heard of. */
export function isHeartbeat({ object, old }: BeforeAndAfter): boolean {
  if (object?.kind !== "Node" || old?.kind !== "Node") return false;
  return deepEqual(withoutTimes(object as Node), withoutTimes(old as Node));
}

function withoutTimes({ metadata, status, ...rest }: Node): unknown {
  const { resourceVersion: _, managedFields: __, ...others } = metadata;
  const conditions = status?.conditions?.map(({ lastHeartbeatTime: _, ...condition }) => condition);
  return { ...rest, metadata: others, status: { ...status, conditions } };
}
