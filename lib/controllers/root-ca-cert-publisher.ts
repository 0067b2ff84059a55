/** Puts the cluster's CA into every namespace (upstream: controller/certificates/rootcacertpublisher). */
import { deepEqual } from "../apimachinery/equality.ts";
import { isAlreadyExists } from "../apimachinery/errors.ts";
import { configmaps, namespaces } from "../openapi/types/resources.ts";
import { type Controller, type ControllerContext, ownKey, source } from "./controller.ts";
import { isNamespaceTerminating } from "./namespace-terminating.ts";

const name = "kube-root-ca.crt";
const descriptionAnnotation = "kubernetes.io/description";
const description =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the " +
  "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes " +
  "clusters.";

/** The controller; its keys are names of namespaces. */
export function createRootCaCertPublisher({ client, informers, rootCertificate }: ControllerContext): Controller {
  const namespaceInformer = informers.get(namespaces);
  // Only the published ConfigMaps: all others would be kept in memory for nothing.
  const query = { fieldSelector: `metadata.name=${name}` };
  const published = informers.get(configmaps, query);
  const data = { "ca.crt": rootCertificate };
  return {
    name: "root-ca-certificate-publisher-controller",
    sources: [
      source(namespaces, ({ object, old }) => (object !== undefined && old === undefined ? ownKey({ object }) : [])),
      source(configmaps, ({ object, old }) => (old === undefined ? [] : [(object ?? old).metadata.namespace]), query),
    ],
    async reconcile(namespace) {
      if (namespaceInformer.get(namespace)?.status?.phase !== "Active") return;
      const current = published.get(`${namespace}/${name}`);
      if (current === undefined) {
        try {
          const annotations = { [descriptionAnnotation]: description };
          await client.create(configmaps, { metadata: { name, namespace, annotations }, data });
        } catch (error) {
          if (!isAlreadyExists(error) && !isNamespaceTerminating(error)) throw error;
        }
        return;
      }
      const annotated = current.metadata.annotations?.[descriptionAnnotation] !== undefined;
      if (deepEqual(current.data, data) && annotated) return;
      const annotations = { ...current.metadata.annotations, [descriptionAnnotation]: description };
      await client.update(configmaps, { ...current, metadata: { ...current.metadata, annotations }, data });
    },
  };
}
