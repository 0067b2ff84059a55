/** TaintNodesByCondition: a new node takes no pods before it has been found ready. */
import type { Node } from "../../openapi/types/core-v1.ts";
import { isResource } from "./denial.ts";
import type { AdmissionPlugin } from "./plugin.ts";

const notReady = { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" };

/** Adds the taint. */
export const taintNodesByCondition: AdmissionPlugin = {
  name: "TaintNodesByCondition",
  handles: (attributes) => isResource(attributes, "nodes") && attributes.operation === "CREATE",
  admit({ object }) {
    const node = object as unknown as Node;
    node.spec ??= {};
    const taints = node.spec.taints ?? [];
    if (taints.some(({ key, effect }) => key === notReady.key && effect === notReady.effect)) return;
    node.spec.taints = [...taints, { ...notReady }];
  },
};
