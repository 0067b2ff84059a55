/** NamespaceLifecycle: nothing is created where there is no namespace, or one that is going away. */
import { newForbidden, newNotFound } from "../../apimachinery/errors.ts";
import type { Namespace } from "../../openapi/types/core-v1.ts";
import { namespaces } from "../../openapi/types/resources.ts";
import { denied } from "./denial.ts";
import type { AdmissionPlugin, Attributes } from "./plugin.ts";

/** Namespaces that can't be deleted. */
const immortal = new Set(["default", "kube-system", "kube-public"]);

const isNamespace = ({ resource }: Attributes) => resource.group === "" && resource.resource === "namespaces";

/** Runs before all others. */
export const namespaceLifecycle: AdmissionPlugin = {
  name: "NamespaceLifecycle",
  handles(attributes) {
    if (isNamespace(attributes)) return attributes.operation === "DELETE" && immortal.has(attributes.name);
    return attributes.operation === "CREATE" && attributes.namespace !== "";
  },
  async admit(attributes) {
    const { namespace, context } = attributes;
    if (isNamespace(attributes)) {
      throw newForbidden(attributes.resource, attributes.name, "this namespace may not be deleted");
    }
    const found = (await context.objects.get(namespaces, "", namespace)) as Namespace | undefined;
    if (!found) throw newNotFound(namespaces, namespace);
    if (found.status?.phase !== "Terminating") return;
    const text = `unable to create new content in namespace ${namespace} because it is being terminated`;
    const refusal = denied(attributes, text);
    const message = `namespace ${namespace} is being terminated`;
    refusal.status.details = {
      ...refusal.status.details,
      causes: [{ reason: "NamespaceTerminating", message, field: "metadata.namespace" }],
    };
    throw refusal;
  },
};
