/** DefaultIngressClass: an Ingress that names no class gets the default one. */
import type { Ingress, IngressClass } from "../../openapi/types/networking-v1.ts";
import { ingressclasses } from "../../openapi/types/resources.ts";
import { defaultOf } from "./default-class.ts";
import { isResource } from "./denial.ts";
import type { AdmissionPlugin } from "./plugin.ts";

/** Sets spec.ingressClassName of new Ingresses. */
export const defaultIngressClass: AdmissionPlugin = {
  name: "DefaultIngressClass",
  handles: (attributes) => isResource(attributes, "ingresses.networking.k8s.io") && attributes.operation === "CREATE",
  async admit({ object, context }) {
    const ingress = object as unknown as Ingress;
    if (ingress.spec?.ingressClassName !== undefined) return;
    if (ingress.metadata.annotations?.["kubernetes.io/ingress.class"] !== undefined) return;
    const classes = (await context.objects.list(ingressclasses)) as unknown as IngressClass[];
    const found = defaultOf(classes, ["ingressclass.kubernetes.io/is-default-class"]);
    if (found) ingress.spec = { ...ingress.spec, ingressClassName: found.metadata.name };
  },
};
