/** The controller of nodes' inboxes, where a deployment has queues for them. */
import { createInboxQueues } from "../../lib/aws/nodes/inbox-queues.ts";
import type { ControllerEntry } from "../../lib/controllers/controller.ts";
import { nodeInboxEntry } from "../../lib/controllers/node-inbox.ts";
import type { Environment } from "./environment.ts";

/** Gives each cluster's controllers of inboxes: one, or none. */
export function inboxControllers({
  inboxPrefix,
  nodeRoleArns,
}: Pick<Environment, "inboxPrefix" | "nodeRoleArns">): (cluster: string) => readonly ControllerEntry[] {
  if (inboxPrefix === undefined) return () => [];
  return (cluster) => [nodeInboxEntry(createInboxQueues({ prefix: inboxPrefix, cluster, nodeRoleArns }))];
}
