/** Nodes (upstream: pkg/registry/core/node). */
import { semanticEqual } from "../../../apimachinery/equality.ts";
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupportedAsListed,
  path,
} from "../../../apimachinery/validation/field.ts";
import { validateCIDRForLegacyField } from "../../../apimachinery/validation/ip.ts";
import { isQualifiedName, isValidLabelValue } from "../../../apimachinery/validation/names.ts";
import type { Node, Taint } from "../../../openapi/types/core-v1.ts";
import type { Strategy } from "../../strategy.ts";
import { nodeCells } from "./cells.ts";

const spec = path("spec");
const effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

function validateTaints(taints: readonly Taint[] | undefined): FieldError[] {
  const seen = new Set<string>();
  return (taints ?? []).flatMap((taint, index) => {
    const at = spec.child("taints").index(index);
    const errors = isQualifiedName(taint.key ?? "").map((problem) =>
      invalid(at.child("key"), taint.key ?? "", problem),
    );
    errors.push(
      ...isValidLabelValue(taint.value ?? "").map((problem) => invalid(at.child("value"), taint.value, problem)),
    );
    if (!taint.effect)
      errors.push({ type: "FieldValueRequired", field: at.child("effect").toString(), value: "", detail: "" });
    else if (!effects.includes(taint.effect))
      errors.push(notSupportedAsListed(at.child("effect"), taint.effect, effects));
    const id = `${taint.key}:${taint.effect}`;
    if (seen.has(id)) errors.push({ ...duplicate(at, taint), detail: "taints must be unique by key and effect pair" });
    seen.add(id);
    return errors;
  });
}

function validateCidrs({ spec: { podCIDRs = [] } }: Node): FieldError[] {
  const at = spec.child("podCIDRs");
  const errors = podCIDRs.flatMap((cidr, index) => validateCIDRForLegacyField(at.index(index), cidr));
  if (podCIDRs.length > 2) errors.push(invalid(at, podCIDRs, "may specify no more than one CIDR for each IP family"));
  if (podCIDRs.length === 2 && podCIDRs[0].includes(":") === podCIDRs[1].includes(":")) {
    errors.push(invalid(at, podCIDRs, "may specify no more than one CIDR for each IP family"));
  }
  return errors;
}

/** podCIDR is the first of podCIDRs; where both are given and differ, podCIDR wins. */
function syncCidrs(node: Node): void {
  const { podCIDR, podCIDRs } = node.spec;
  if (podCIDR && podCIDRs?.[0] !== podCIDR) node.spec.podCIDRs = [podCIDR];
  else if (!podCIDR && podCIDRs?.length) node.spec.podCIDR = podCIDRs[0];
}

/** nodes */
export const nodeStrategy: Strategy<Node> = {
  setDefaults(node) {
    node.spec ??= {};
    syncCidrs(node);
  },
  validate: (node) => [...validateTaints(node.spec.taints), ...validateCidrs(node)],
  prepareForUpdate(node, old) {
    node.status = old.status;
  },
  validateUpdate(node, old) {
    const errors = [...validateTaints(node.spec.taints), ...validateCidrs(node)];
    if (old.spec.podCIDRs?.length && !semanticEqual(node.spec.podCIDRs, old.spec.podCIDRs)) {
      errors.push(forbidden(spec.child("podCIDRs"), 'node updates may not change podCIDR except from "" to valid'));
    }
    if (old.spec.providerID && node.spec.providerID !== old.spec.providerID) {
      errors.push(
        forbidden(spec.child("providerID"), 'node updates may not change providerID except from "" to valid'),
      );
    }
    return errors;
  },
  selectableFields: (node) => ({ "spec.unschedulable": String(node.spec.unschedulable ?? false) }),
  cells: nodeCells,
  updateSubresources: {
    status: {
      prepareForUpdate(node, old) {
        node.spec = old.spec;
      },
    },
  },
};
