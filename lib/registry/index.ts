/** The only list of strategies, by `resource` or `resource.group`. Kinds without one need nothing special. */

import { accessEntryStrategy } from "./access/accessentry.ts";
import {
  mutatingAdmissionPolicyBindingStrategy,
  mutatingAdmissionPolicyStrategy,
  mutatingWebhookConfigurationStrategy,
  validatingAdmissionPolicyBindingStrategy,
  validatingAdmissionPolicyStrategy,
  validatingWebhookConfigurationStrategy,
} from "./admissionregistration/admissionregistration.ts";
import { apiServiceStrategy } from "./apiregistration/apiservice.ts";
import { controllerRevisionStrategy } from "./apps/controllerrevision.ts";
import { daemonSetStrategy } from "./apps/daemonset.ts";
import { deploymentStrategy } from "./apps/deployment.ts";
import { replicaSetStrategy } from "./apps/replicaset.ts";
import { statefulSetStrategy } from "./apps/statefulset.ts";
import { selfSubjectReviewStrategy } from "./authentication/selfsubjectreview.ts";
import { tokenReviewStrategy } from "./authentication/tokenreview.ts";
import {
  localSubjectAccessReviewStrategy,
  selfSubjectAccessReviewStrategy,
  subjectAccessReviewStrategy,
} from "./authorization/access-reviews.ts";
import { selfSubjectRulesReviewStrategy } from "./authorization/selfsubjectrulesreview.ts";
import { horizontalPodAutoscalerStrategy } from "./autoscaling/horizontalpodautoscaler.ts";
import { cronJobStrategy } from "./batch/cronjob.ts";
import { jobStrategy } from "./batch/job.ts";
import { certificateSigningRequestStrategy } from "./certificates/certificatesigningrequest.ts";
import { leaseStrategy } from "./coordination/lease.ts";
import { componentStatusStrategy } from "./core/componentstatus.ts";
import { configMapStrategy } from "./core/configmap.ts";
import { endpointsStrategy } from "./core/endpoints.ts";
import { eventStrategy } from "./core/event/strategy.ts";
import { limitRangeStrategy } from "./core/limitrange.ts";
import { namespaceStrategy } from "./core/namespace.ts";
import { nodeStrategy } from "./core/node/strategy.ts";
import { persistentVolumeStrategy } from "./core/persistentvolume/strategy.ts";
import { persistentVolumeClaimStrategy } from "./core/persistentvolumeclaim/strategy.ts";
import { bindingStrategy } from "./core/pod/binding.ts";
import { podStrategy } from "./core/pod/strategy.ts";
import { podTemplateStrategy } from "./core/podtemplate.ts";
import { replicationControllerStrategy } from "./core/replicationcontroller.ts";
import { resourceQuotaStrategy } from "./core/resourcequota.ts";
import { secretStrategy } from "./core/secret.ts";
import { serviceStrategy } from "./core/service/strategy.ts";
import { serviceAccountStrategy } from "./core/serviceaccount/strategy.ts";
import { endpointSliceStrategy } from "./discovery/endpointslice.ts";
import { flowSchemaStrategy, priorityLevelConfigurationStrategy } from "./flowcontrol/flowcontrol.ts";
import { ingressStrategy } from "./networking/ingress.ts";
import { ingressClassStrategy } from "./networking/ingressclass.ts";
import { ipAddressStrategy } from "./networking/ipaddress.ts";
import { networkPolicyStrategy } from "./networking/networkpolicy.ts";
import { serviceCIDRStrategy } from "./networking/servicecidr.ts";
import { runtimeClassStrategy } from "./node/runtimeclass.ts";
import { podDisruptionBudgetStrategy } from "./policy/poddisruptionbudget.ts";
import { clusterRoleStrategy } from "./rbac/clusterrole.ts";
import { clusterRoleBindingStrategy } from "./rbac/clusterrolebinding.ts";
import { roleStrategy } from "./rbac/role.ts";
import { roleBindingStrategy } from "./rbac/rolebinding.ts";
import {
  deviceClassStrategy,
  resourceClaimStrategy,
  resourceClaimTemplateStrategy,
  resourceSliceStrategy,
} from "./resource/resource.ts";
import { priorityClassStrategy } from "./scheduling/priorityclass.ts";
import {
  csiDriverStrategy,
  csiNodeStrategy,
  csiStorageCapacityStrategy,
  volumeAttachmentStrategy,
  volumeAttributesClassStrategy,
} from "./storage.k8s.io/csi.ts";
import { storageClassStrategy } from "./storage.k8s.io/storageclass.ts";
import type { Strategy } from "./strategy.ts";

/** A strategy whose objects have a type of their own. */
// biome-ignore lint/suspicious/noExplicitAny: the list holds strategies of every kind.
type AnyStrategy = Strategy<any>;

const all: Readonly<Record<string, AnyStrategy>> = {
  bindings: bindingStrategy,
  configmaps: configMapStrategy,
  endpoints: endpointsStrategy,
  events: eventStrategy,
  limitranges: limitRangeStrategy,
  namespaces: namespaceStrategy,
  nodes: nodeStrategy,
  persistentvolumes: persistentVolumeStrategy,
  persistentvolumeclaims: persistentVolumeClaimStrategy,
  pods: podStrategy,
  podtemplates: podTemplateStrategy,
  replicationcontrollers: replicationControllerStrategy,
  resourcequotas: resourceQuotaStrategy,
  secrets: secretStrategy,
  serviceaccounts: serviceAccountStrategy,
  services: serviceStrategy,
  "controllerrevisions.apps": controllerRevisionStrategy,
  "daemonsets.apps": daemonSetStrategy,
  "deployments.apps": deploymentStrategy,
  "replicasets.apps": replicaSetStrategy,
  "statefulsets.apps": statefulSetStrategy,
  "selfsubjectreviews.authentication.k8s.io": selfSubjectReviewStrategy,
  "tokenreviews.authentication.k8s.io": tokenReviewStrategy,
  "localsubjectaccessreviews.authorization.k8s.io": localSubjectAccessReviewStrategy,
  "selfsubjectaccessreviews.authorization.k8s.io": selfSubjectAccessReviewStrategy,
  "selfsubjectrulesreviews.authorization.k8s.io": selfSubjectRulesReviewStrategy,
  "subjectaccessreviews.authorization.k8s.io": subjectAccessReviewStrategy,
  "cronjobs.batch": cronJobStrategy,
  "jobs.batch": jobStrategy,
  "certificatesigningrequests.certificates.k8s.io": certificateSigningRequestStrategy,
  "leases.coordination.k8s.io": leaseStrategy,
  "endpointslices.discovery.k8s.io": endpointSliceStrategy,
  "events.events.k8s.io": eventStrategy,
  "clusterroles.rbac.authorization.k8s.io": clusterRoleStrategy,
  "clusterrolebindings.rbac.authorization.k8s.io": clusterRoleBindingStrategy,
  "roles.rbac.authorization.k8s.io": roleStrategy,
  "rolebindings.rbac.authorization.k8s.io": roleBindingStrategy,
  componentstatuses: componentStatusStrategy,
  "apiservices.apiregistration.k8s.io": apiServiceStrategy,
  "horizontalpodautoscalers.autoscaling": horizontalPodAutoscalerStrategy,
  "flowschemas.flowcontrol.apiserver.k8s.io": flowSchemaStrategy,
  "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io": priorityLevelConfigurationStrategy,
  "ingresses.networking.k8s.io": ingressStrategy,
  "ingressclasses.networking.k8s.io": ingressClassStrategy,
  "ipaddresses.networking.k8s.io": ipAddressStrategy,
  "networkpolicies.networking.k8s.io": networkPolicyStrategy,
  "servicecidrs.networking.k8s.io": serviceCIDRStrategy,
  "runtimeclasses.node.k8s.io": runtimeClassStrategy,
  "poddisruptionbudgets.policy": podDisruptionBudgetStrategy,
  "deviceclasses.resource.k8s.io": deviceClassStrategy,
  "resourceclaims.resource.k8s.io": resourceClaimStrategy,
  "resourceclaimtemplates.resource.k8s.io": resourceClaimTemplateStrategy,
  "resourceslices.resource.k8s.io": resourceSliceStrategy,
  "priorityclasses.scheduling.k8s.io": priorityClassStrategy,
  "csidrivers.storage.k8s.io": csiDriverStrategy,
  "csinodes.storage.k8s.io": csiNodeStrategy,
  "csistoragecapacities.storage.k8s.io": csiStorageCapacityStrategy,
  "storageclasses.storage.k8s.io": storageClassStrategy,
  "volumeattachments.storage.k8s.io": volumeAttachmentStrategy,
  "volumeattributesclasses.storage.k8s.io": volumeAttributesClassStrategy,
  "accessentries.access.coracle.dev": accessEntryStrategy,
  "mutatingadmissionpolicies.admissionregistration.k8s.io": mutatingAdmissionPolicyStrategy,
  "mutatingadmissionpolicybindings.admissionregistration.k8s.io": mutatingAdmissionPolicyBindingStrategy,
  "mutatingwebhookconfigurations.admissionregistration.k8s.io": mutatingWebhookConfigurationStrategy,
  "validatingadmissionpolicies.admissionregistration.k8s.io": validatingAdmissionPolicyStrategy,
  "validatingadmissionpolicybindings.admissionregistration.k8s.io": validatingAdmissionPolicyBindingStrategy,
  "validatingwebhookconfigurations.admissionregistration.k8s.io": validatingWebhookConfigurationStrategy,
};

/** All strategies. */
export const strategies: Readonly<Record<string, Strategy>> = all;
