/** What tables say of columns that show no one field, or a field without a text of its own: by resource and column. */
const phrases: Readonly<Record<string, string>> = {
  "*/Containers": "Names of each container in the template.",
  "*/Images": "Images referenced by each container in the template.",
  "*/ParamKind": "ParamKind specifies the kind of resources used to parameterize this policy",
  "*/ParamRef": "ParamRef indicates the param resource which sets the configuration param",
  "*/PolicyName": "PolicyName indicates the policy definition which the policy binding binded to",
  "*/Ready": "Number of the pod with ready state",
  "*/Selector":
    "A label query over pods that should match the pod count. Normally, the system sets this field for you. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors",
  "*/Webhooks": "Webhooks indicates the number of webhooks registered in this configuration",
  "apiservices/Available": "Whether this service is available.",
  "apiservices/Service": "The reference to the service that hosts this API endpoint.",
  "certificatesigningrequests/Condition": "Conditions applied to the request, such as approval or denial.",
  "certificatesigningrequests/Requestor": "Base64-encoded PKCS#10 CSR data",
  "certificatesigningrequests/SignerName":
    'Requested signer for the request. It is a qualified name in the form: `scope-hostname.io/name`. If empty, it will be defaulted:\n 1. If it\'s a kubelet client certificate, it is assigned\n    "kubernetes.io/kube-apiserver-client-kubelet".\n 2. If it\'s a kubelet serving certificate, it is assigned\n    "kubernetes.io/kubelet-serving".\n 3. Otherwise, it is assigned "kubernetes.io/legacy-unknown".\nDistribution of trust for signers happens out of band. You can select on this field using `spec.signerName`.',
  "clusterrolebindings/Groups": "Groups in the clusterRoleBinding",
  "clusterrolebindings/Role":
    "RoleRef can only reference a ClusterRole in the global namespace. If the RoleRef cannot be resolved, the Authorizer must return an error.",
  "clusterrolebindings/ServiceAccounts": "ServiceAccounts in the clusterRoleBinding",
  "clusterrolebindings/Users": "Users in the clusterRoleBinding",
  "componentstatuses/Error": "Error of the component conditions",
  "componentstatuses/Message": "Message of the component conditions",
  "componentstatuses/Status": "Status of the component conditions",
  "controllerrevisions/Controller": "Controller of the object",
  "csinodes/Drivers": "Drivers indicates the number of CSI drivers registered on the node",
  "daemonsets/Selector":
    "A label query over pods that are managed by the daemon set. Must match in order to be controlled. It must match the pod template's labels. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors",
  "deployments/Selector":
    "Label selector for pods. Existing ReplicaSets whose pods are selected by this will be the ones affected by this deployment. It must match the pod template's labels.",
  "events/Object": "The object that this event is about.",
  "events/Source": "The component reporting this event. Should be a short machine understandable string.",
  "flowschemas/DistinguisherMethod":
    "`distinguisherMethod` defines how to compute the flow distinguisher for requests that match this schema. `nil` specifies that the distinguisher is disabled and thus will always be the empty string.",
  "flowschemas/MissingPL": "references a broken or non-existent PriorityLevelConfiguration",
  "horizontalpodautoscalers/Reference":
    "scaleTargetRef points to the target resource to scale, and is used to the pods for which metrics should be collected, as well as to actually change the replica count.",
  "ingressclasses/Controller": "Controller that is responsible for handling this class",
  "ingressclasses/Parameters": "A reference to a resource with additional parameters",
  "ingresses/Address": "Address is a list containing ingress points for the load-balancer",
  "ingresses/Class": "The name of the IngressClass resource that should be used for additional configuration",
  "ingresses/Hosts": "Hosts that incoming requests are matched against before the ingress rule",
  "ingresses/Ports": "Ports of TLS configurations that open",
  "ipaddresses/ParentRef":
    "ParentRef references the resource that an IPAddress is attached to. An IPAddress must reference a parent object.",
  "jobs/Duration": "Time required to complete the job.",
  "jobs/Status": "Status of the job.",
  "mutatingadmissionpolicies/Mutations":
    "Mutation indicates the number of mutations rules defined in this configuration",
  "namespaces/Status": "The status of the namespace",
  "networkpolicies/Pod-Selector":
    "podSelector selects the pods to which this NetworkPolicy object applies. The array of rules is applied to any pods selected by this field. An empty selector matches all pods in the policy's namespace. Multiple network policies can select the same set of pods. In this case, the ingress rules for each are combined additively. This field is optional. If it is not specified, it defaults to an empty selector.",
  "nodes/Roles": "The roles of the node",
  "nodes/Status": "The status of the node",
  "persistentvolumeclaims/StorageClass": "StorageClass of the pvc",
  "persistentvolumeclaims/VolumeAttributesClass": "VolumeAttributesClass of the pvc",
  "persistentvolumes/Claim":
    "claimRef is part of a bi-directional binding between PersistentVolume and PersistentVolumeClaim. Expected to be non-nil when bound. claim.VolumeName is the authoritative bind between PV and PVC. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#binding",
  "persistentvolumes/StorageClass": "StorageClass of the pv",
  "persistentvolumes/VolumeAttributesClass": "VolumeAttributesClass of the pv",
  "poddisruptionbudgets/Allowed Disruptions": "Calculated number of pods that may be disrupted at this time.",
  "poddisruptionbudgets/Max Unavailable": "The maximum number of pods that may be unavailable.",
  "poddisruptionbudgets/Min Available": "The minimum number of pods that must be available.",
  "pods/Ready": "The aggregate readiness state of this pod for accepting traffic.",
  "pods/Restarts":
    "The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.",
  "pods/Status": "The aggregate status of the containers in this pod.",
  "podtemplates/Pod Labels": "The labels for the pod template.",
  "replicasets/Selector":
    "Selector is a label query over pods that should match the replica count. Label keys and values that must match in order to be controlled by this replica set. It must match the pod template's labels. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors",
  "resourceclaims/State": "A summary of the current state (allocated, pending, reserved, etc.).",
  "resourcequotas/Limit":
    "Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node.",
  "resourcequotas/Request": "Request represents a minimum amount of cpu/memory that a container may consume.",
  "rolebindings/Groups": "Groups in the roleBinding",
  "rolebindings/Role":
    "RoleRef can reference a Role in the current namespace or a ClusterRole in the global namespace. If the RoleRef cannot be resolved, the Authorizer must return an error.",
  "rolebindings/ServiceAccounts": "ServiceAccounts in the roleBinding",
  "rolebindings/Users": "Users in the roleBinding",
  "validatingadmissionpolicies/Validations":
    "Validations indicates the number of validation rules defined in this configuration",
};

/** The sentence about a column, or undefined; `*` stands for any resource. */
export function columnPhrase(resource: string, column: string): string | undefined {
  return phrases[`${resource}/${column}`] ?? phrases[`*/${column}`];
}
