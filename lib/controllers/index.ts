/** All controllers: the only list. Names are those of kube-controller-manager's --controllers. */

import { createClusterRoleAggregationController } from "./clusterrole-aggregation.ts";
import type { ControllerEntry } from "./controller.ts";
import { createCronJobController } from "./cronjob/cronjob.ts";
import { createDaemonSetController } from "./daemonset/daemonset.ts";
import { createDeploymentController } from "./deployment/deployment.ts";
import { createDisruptionController } from "./disruption/disruption.ts";
import { createEndpointsController } from "./endpoints.ts";
import { createEndpointSliceController } from "./endpointslice/endpointslice.ts";
import { createGarbageCollector } from "./garbagecollector/garbagecollector.ts";
import { createJobController } from "./job/job.ts";
import { createNamespaceController } from "./namespace/namespace.ts";
import { createNodeLifecycleController } from "./nodelifecycle/nodelifecycle.ts";
import { createPodGarbageCollector } from "./podgc/podgc.ts";
import { createReplicaSetController, createReplicationControllerController } from "./replicaset/replicaset.ts";
import { createResourceQuotaController } from "./resourcequota/resourcequota.ts";
import { createRootCaCertPublisher } from "./root-ca-cert-publisher.ts";
import { createServiceAccountController } from "./serviceaccount.ts";
import { createStatefulSetController } from "./statefulset/statefulset.ts";
import { createClaimProtectionController, createVolumeProtectionController } from "./storage-protection.ts";
import { createTaintEvictionController } from "./tainteviction/tainteviction.ts";
import { createTtlAfterFinishedController } from "./ttl-after-finished.ts";

/** In the order in which they start. */
export const controllers: readonly ControllerEntry[] = [
  { name: "serviceaccount-controller", create: createServiceAccountController },
  { name: "root-ca-certificate-publisher-controller", create: createRootCaCertPublisher },
  { name: "replicaset-controller", create: createReplicaSetController },
  {
    name: "replicationcontroller-controller",
    component: "replication-controller",
    create: createReplicationControllerController,
  },
  { name: "deployment-controller", create: createDeploymentController },
  { name: "daemonset-controller", create: createDaemonSetController },
  { name: "statefulset-controller", create: createStatefulSetController },
  {
    name: "endpointslice-controller",
    component: "endpoint-slice-controller",
    create: createEndpointSliceController,
  },
  { name: "endpoints-controller", component: "endpoint-controller", create: createEndpointsController },
  { name: "disruption-controller", component: "controllermanager", create: createDisruptionController },
  { name: "resourcequota-controller", create: createResourceQuotaController },
  { name: "namespace-controller", create: createNamespaceController },
  {
    name: "garbage-collector-controller",
    create: createGarbageCollector,
    workers: 20,
  },
  { name: "job-controller", create: createJobController },
  { name: "cronjob-controller", create: createCronJobController },
  { name: "ttl-after-finished-controller", create: createTtlAfterFinishedController },
  { name: "node-lifecycle-controller", component: "node-controller", create: createNodeLifecycleController },
  { name: "taint-eviction-controller", create: createTaintEvictionController, workers: 8 },
  { name: "pod-garbage-collector-controller", create: createPodGarbageCollector },
  { name: "persistentvolumeclaim-protection-controller", create: createClaimProtectionController },
  { name: "persistentvolume-protection-controller", create: createVolumeProtectionController },
  {
    name: "clusterrole-aggregation-controller",
    create: createClusterRoleAggregationController,
  },
];

/** The scheduler's name among the controllers in --controllers. */
export const schedulerName = "scheduler";
