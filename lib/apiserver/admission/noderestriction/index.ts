/** NodeRestriction: what nodes write is about themselves alone (upstream: plugin/pkg/admission/noderestriction). */
import { deepEqual } from "../../../apimachinery/equality.ts";
import type { CertificateSigningRequest } from "../../../openapi/types/certificates-v1.ts";
import type { PersistentVolumeClaim } from "../../../openapi/types/core-v1.ts";
import type { ResourceSlice } from "../../../openapi/types/resource-v1.ts";
import { parseCertificateRequest } from "../../../registry/certificates/certificate-request.ts";
import { nodeIdentity } from "../../authorization/node/identity.ts";
import { denied } from "../denial.ts";
import type { AdmissionPlugin, Attributes } from "../plugin.ts";
import { admitNode } from "./node.ts";
import { admitPod, admitPodEviction, admitPodStatus } from "./pod.ts";
import { admitToken } from "./token.ts";

type Rule = (node: string, attributes: Attributes) => Promise<void> | void;

const pods: Rule = (node, attributes) => {
  const { subresource } = attributes;
  if (subresource === "") return admitPod(node, attributes);
  if (subresource === "status") return admitPodStatus(node, attributes);
  if (subresource === "eviction") return admitPodEviction(node, attributes);
  const shown = JSON.stringify(subresource);
  throw denied(attributes, `unexpected pod subresource ${shown}, only 'status' and 'eviction' are allowed`);
};

/** A claim without what its node may tell of it. */
function withoutSizes({ metadata, status, ...claim }: PersistentVolumeClaim): unknown {
  const { resourceVersion, managedFields, ...rest } = metadata;
  const { capacity, conditions, allocatedResources, allocatedResourceStatuses, ...other } = status ?? {};
  return { ...claim, metadata: rest, status: other };
}

const claims: Rule = (node, attributes) => {
  if (attributes.subresource !== "status") throw denied(attributes, "may only update PVC status");
  if (attributes.operation !== "UPDATE") {
    throw denied(attributes, `unexpected operation ${JSON.stringify(attributes.operation)}`);
  }
  const [claim, old] = [attributes.object, attributes.oldObject] as unknown as PersistentVolumeClaim[];
  if (deepEqual(withoutSizes(claim), withoutSizes(old))) return;
  const text = `node ${JSON.stringify(node)} is not allowed to update fields other than status.quantity and status.conditions`;
  throw denied(attributes, text);
};

const accounts: Rule = (node, attributes) => {
  if (attributes.operation === "CREATE" && attributes.subresource === "token") return admitToken(node, attributes);
};

const leases: Rule = (node, attributes) => {
  if (attributes.namespace !== "kube-node-lease") {
    throw denied(attributes, 'can only access leases in the "kube-node-lease" system namespace');
  }
  if (attributes.name === node) return;
  throw denied(attributes, "can only access node lease with the same name as the requesting node");
};

const csiNodes: Rule = (node, attributes) => {
  if (attributes.name === node) return;
  throw denied(attributes, "can only access CSINode with the same name as the requesting node");
};

const resourceSlices: Rule = (node, attributes) => {
  const verb = { CREATE: "create", DELETE: "delete" }[attributes.operation as string];
  if (!verb) return;
  const slice = (verb === "create" ? attributes.object : attributes.oldObject) as unknown as ResourceSlice;
  if (slice.spec.nodeName === node) return;
  throw denied(attributes, `can only ${verb} ResourceSlice with the same NodeName as the requesting node`);
};

const nodeSigners = ["kubernetes.io/kubelet-serving", "kubernetes.io/kube-apiserver-client-kubelet"];

const certificateRequests: Rule = (node, attributes) => {
  if (attributes.operation !== "CREATE") return;
  const { spec } = attributes.object as unknown as CertificateSigningRequest;
  if (!nodeSigners.includes(spec.signerName)) return;
  const request = parseCertificateRequest(spec.request);
  if (!request) throw denied(attributes, "unable to parse csr");
  if (request.commonName === `system:node:${node}`) return;
  throw denied(attributes, `can only create a node CSR with CN=system:node:${node}`);
};

const rules: Readonly<Record<string, Rule>> = {
  pods,
  nodes: admitNode,
  persistentvolumeclaims: claims,
  serviceaccounts: accounts,
  "leases.coordination.k8s.io": leases,
  "csinodes.storage.k8s.io": csiNodes,
  "resourceslices.resource.k8s.io": resourceSlices,
  "certificatesigningrequests.certificates.k8s.io": certificateRequests,
};

function ruleOf({ resource: { group, resource } }: Attributes): Rule | undefined {
  return rules[group === "" ? resource : `${resource}.${group}`];
}

/** Restricts users that are nodes. */
export const nodeRestriction: AdmissionPlugin = {
  name: "NodeRestriction",
  handles: (attributes) => attributes.operation !== "CONNECT" && nodeIdentity(attributes.user) !== undefined,
  async admit(attributes) {
    const node = nodeIdentity(attributes.user);
    if (node === "") {
      throw denied(attributes, `could not determine node from user ${JSON.stringify(attributes.user.username)}`);
    }
    await ruleOf(attributes)?.(node ?? "", attributes);
  },
};
