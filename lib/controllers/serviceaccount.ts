/**
 * Makes the ServiceAccount `default` in every namespace (upstream:
 * controller/serviceaccount/serviceaccounts_controller.go).
 */
import { isAlreadyExists } from "../apimachinery/errors.ts";
import { namespaces, serviceaccounts } from "../openapi/types/resources.ts";
import { type Controller, type ControllerContext, ownKey, source } from "./controller.ts";
import { isNamespaceTerminating } from "./namespace-terminating.ts";

const accountNames = ["default"];

/** The controller; its keys are names of namespaces. */
export function createServiceAccountController({ client, informers }: ControllerContext): Controller {
  const namespaceInformer = informers.get(namespaces);
  const accountInformer = informers.get(serviceaccounts);
  return {
    name: "serviceaccount-controller",
    sources: [
      source(namespaces, ownKey),
      source(serviceaccounts, ({ object, old }) => (object === undefined && old ? [old.metadata.namespace] : [])),
    ],
    async reconcile(namespace) {
      if (namespaceInformer.get(namespace)?.status?.phase !== "Active") return;
      for (const name of accountNames) {
        if (accountInformer.get(`${namespace}/${name}`) !== undefined) continue;
        try {
          await client.create(serviceaccounts, { metadata: { name, namespace } });
        } catch (error) {
          if (!isAlreadyExists(error) && !isNamespaceTerminating(error)) throw error;
        }
      }
    },
  };
}
