/** Labels of nodes that have got other names (upstream: pkg/api/node). */
import type { Path } from "../../apimachinery/validation/field.ts";
import { isValidLabelValue } from "../../apimachinery/validation/names.ts";
import type { NodeSelectorTerm } from "../../openapi/types/core-v1.ts";

const renamed = (since: string, name: string) => `deprecated since ${since}; use ${name} instead`;

const deprecated: Readonly<Record<string, string>> = {
  "beta.kubernetes.io/arch": renamed("v1.14", '"kubernetes.io/arch"'),
  "beta.kubernetes.io/os": renamed("v1.14", '"kubernetes.io/os"'),
  "failure-domain.beta.kubernetes.io/region": renamed("v1.17", '"topology.kubernetes.io/region"'),
  "failure-domain.beta.kubernetes.io/zone": renamed("v1.17", '"topology.kubernetes.io/zone"'),
  "beta.kubernetes.io/instance-type": renamed("v1.17", '"node.kubernetes.io/instance-type"'),
  "app.kubernetes.io/created-by": "deprecated since v1.9",
  "scheduler.alpha.kubernetes.io/preferAvoidPods": renamed("v1.22", "Taints and Tolerations"),
  "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
};

/** What there is to say of a label's name; undefined: nothing. */
export const deprecatedNodeLabel = (name: string): string | undefined => deprecated[name];

/** Old names in a term of a node selector; `checkValues`: and values that no label can have. */
export function nodeSelectorTermWarnings(term: NodeSelectorTerm, checkValues: boolean, path: Path): string[] {
  return (term.matchExpressions ?? []).flatMap(({ key = "", values = [] }, index) => {
    const at = path.child("matchExpressions").index(index);
    const text = deprecatedNodeLabel(key);
    const warnings = text === undefined ? [] : [`${at.child("key")}: ${key} is ${text}`];
    if (!checkValues) return warnings;
    for (const [place, value] of values.entries()) {
      const problems = isValidLabelValue(value);
      warnings.push(...problems.map((one) => `${at.child("values").index(place)}: ${value} is invalid, ${one}`));
    }
    return warnings;
  });
}
