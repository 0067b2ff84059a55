/** As whom the parts of the control plane act: each controller as upstream's service account of it, with its role alone. */
import type { UserInfo } from "../../apimachinery/http.ts";
import { allAuthenticated, serviceAccountGroups, serviceAccountUsername } from "./groups.ts";

const namespace = "kube-system";

/** Service accounts whose names are not their controllers'. */
const accounts: Readonly<Record<string, string>> = {
  "serviceaccount-controller": "service-account-controller",
  "root-ca-certificate-publisher-controller": "root-ca-cert-publisher",
  "daemonset-controller": "daemon-set-controller",
  "endpoints-controller": "endpoint-controller",
  "replicationcontroller-controller": "replication-controller",
  "persistentvolumeclaim-protection-controller": "pvc-protection-controller",
  "persistentvolume-protection-controller": "pv-protection-controller",
  "garbage-collector-controller": "generic-garbage-collector",
  "node-lifecycle-controller": "node-controller",
  "node-inbox-controller": "node-controller",
  "taint-eviction-controller": "node-controller",
  "pod-garbage-collector-controller": "pod-garbage-collector",
};

/** The user of a controller; the scheduler is one of them. */
export function controllerUser(controller: string): UserInfo {
  if (controller === "scheduler") return { username: "system:kube-scheduler", groups: [allAuthenticated] };
  const name = accounts[controller] ?? controller;
  return {
    username: serviceAccountUsername(namespace, name),
    groups: [...serviceAccountGroups(namespace), allAuthenticated],
  };
}

/** The user of what all controllers share: informers. */
export const controllerManagerUser: UserInfo = {
  username: "system:kube-controller-manager",
  groups: [allAuthenticated],
};
