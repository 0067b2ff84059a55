/** DefaultTolerationSeconds: a pod outlives its node's silence by five minutes, unless it says otherwise. */
import type { Pod, Toleration } from "../../openapi/types/core-v1.ts";
import { isResource } from "./denial.ts";
import type { AdmissionPlugin } from "./plugin.ts";

const seconds = 300;
const keys = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

const tolerates = ({ key = "", effect = "" }: Toleration, wanted: string) =>
  (key === wanted || key === "") && (effect === "NoExecute" || effect === "");

/** Adds the tolerations, also where an update took them away. */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: "DefaultTolerationSeconds",
  handles: (attributes) =>
    isResource(attributes, "pods") && (attributes.operation === "CREATE" || attributes.operation === "UPDATE"),
  admit({ object }) {
    const { spec } = object as unknown as Pod;
    if (!spec) return;
    for (const key of keys) {
      if (spec.tolerations?.some((toleration) => tolerates(toleration, key))) continue;
      const added = { key, operator: "Exists", effect: "NoExecute", tolerationSeconds: seconds };
      spec.tolerations = [...(spec.tolerations ?? []), added];
    }
  },
};
