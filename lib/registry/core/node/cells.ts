/** A node's row (upstream: printNode). */
import type { Node } from "../../../openapi/types/core-v1.ts";
import { ageCell } from "../../printers/cells.ts";
import type { TableContext } from "../../strategy.ts";

const rolePrefix = "node-role.kubernetes.io/";

function roles({ metadata: { labels = {} } }: Node): string {
  const found = new Set<string>();
  for (const [key, value] of Object.entries(labels)) {
    if (key.startsWith(rolePrefix) && key !== rolePrefix) found.add(key.slice(rolePrefix.length));
    else if (key === "kubernetes.io/role" && value !== "") found.add(value);
  }
  return [...found].sort().join(",") || "<none>";
}

function statusOf({ status, spec }: Node): string {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  const text = ready ? (ready.status === "True" ? "Ready" : "NotReady") : "Unknown";
  return spec?.unschedulable ? `${text},SchedulingDisabled` : text;
}

/** Name, status, roles, age, version, addresses, system. */
export function nodeCells(node: Node, { now }: TableContext): unknown[] {
  const info = node.status?.nodeInfo;
  const address = (type: string) => node.status?.addresses?.find((one) => one.type === type)?.address ?? "<none>";
  const architecture = info?.architecture ? ` (${info.architecture})` : "";
  return [
    node.metadata.name,
    statusOf(node),
    roles(node),
    ageCell(node.metadata.creationTimestamp, now),
    info?.kubeletVersion ?? "",
    address("InternalIP"),
    address("ExternalIP"),
    info?.osImage || "<unknown>",
    (info?.kernelVersion || "<unknown>") + architecture,
    info?.containerRuntimeVersion || "<unknown>",
  ];
}
