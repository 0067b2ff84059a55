/** Nodes' inboxes, where a deployment has queues for them: their controller, and who sends to them. */
import { createInboxQueues, createInboxSender } from "../../lib/aws/nodes/inbox-queues.ts";
import type { ControllerEntry } from "../../lib/controllers/controller.ts";
import { nodeInboxEntry } from "../../lib/controllers/node-inbox.ts";
import type { InboxSender } from "../../lib/nodes/inbox.ts";
import type { Environment } from "./environment.ts";
import { logError } from "./log.ts";

/** Gives each cluster's controllers of inboxes: one, or none. */
export function inboxControllers({
  inboxPrefix,
  nodeRoleArns,
}: Pick<Environment, "inboxPrefix" | "nodeRoleArns">): (cluster: string) => readonly ControllerEntry[] {
  if (inboxPrefix === undefined) return () => [];
  return (cluster) => [nodeInboxEntry(createInboxQueues({ prefix: inboxPrefix, cluster, nodeRoleArns }))];
}

/** The way to the inboxes; undefined where there are none. */
export function inboxSender({ inboxPrefix: prefix }: Pick<Environment, "inboxPrefix">): InboxSender | undefined {
  if (prefix === undefined) return undefined;
  const onRefused = (inbox: string, error: unknown) => logError(error, `the inbox ${JSON.stringify(inbox)}`);
  return createInboxSender({ prefix, onRefused });
}
