/** Nodes (upstream: pkg/registry/core/node). */
import { path } from "../../../apimachinery/validation/field.ts";
import type { Node } from "../../../openapi/types/core-v1.ts";
import type { Strategy } from "../../strategy.ts";
import { warningsForCIDR } from "../../validation/ip-warnings.ts";
import { nodeCells } from "./cells.ts";
import { validateNode, validateNodeChange } from "./validation.ts";

/** podCIDR is the first of podCIDRs; where both are given and differ, podCIDR wins. */
function syncCidrs({ spec }: Node): void {
  const { podCIDR, podCIDRs } = spec;
  if (podCIDR && podCIDRs?.[0] !== podCIDR) spec.podCIDRs = [podCIDR];
  else if (!podCIDR && podCIDRs?.length) spec.podCIDR = podCIDRs[0];
}

function warnings({ spec }: Node): string[] {
  const at = path("spec", "podCIDRs");
  return [
    ...(spec.configSource ? ["spec.configSource: the feature is removed"] : []),
    ...(spec.externalID ? ["spec.externalID: this field is deprecated, and is unused by Kubernetes"] : []),
    ...(spec.podCIDRs ?? []).flatMap((cidr, index) => warningsForCIDR(at.index(index), cidr)),
  ];
}

/** nodes */
export const nodeStrategy: Strategy<Node> = {
  setDefaults(node) {
    node.spec ??= {};
    syncCidrs(node);
    const { status } = node;
    if (status?.capacity && !status.allocatable) status.allocatable = { ...status.capacity };
  },
  prepareForCreate({ spec, status }) {
    delete spec.configSource;
    delete status?.config;
  },
  validate: validateNode,
  warningsOnCreate: warnings,
  prepareForUpdate(node, old) {
    node.status = old.status;
    if (!old.spec.configSource) delete node.spec.configSource;
  },
  validateUpdate: (node, old) => [...validateNode(node), ...validateNodeChange(node, old)],
  warningsOnUpdate: warnings,
  selectableFields: ({ spec }) => ({ "spec.unschedulable": String(spec.unschedulable ?? false) }),
  cells: nodeCells,
  updateSubresources: {
    status: {
      prepareForUpdate(node, old) {
        node.spec = old.spec;
        if (!old.status?.config) delete node.status?.config;
      },
      validateUpdate: validateNodeChange,
    },
  },
};
