import { expect, it } from "vitest";
import { admissionPlugins } from "../../../../../lib/apiserver/admission/index.ts";

it("runs the plugins in upstream's order", () => {
  expect(admissionPlugins.map(({ name }) => name)).toEqual([
    "NamespaceLifecycle",
    "LimitRanger",
    "ServiceAccount",
    "NodeRestriction",
    "TaintNodesByCondition",
    "PodSecurity",
    "Priority",
    "DefaultTolerationSeconds",
    "DefaultStorageClass",
    "StorageObjectInUseProtection",
    "PersistentVolumeClaimResize",
    "RuntimeClass",
    "CertificateApproval",
    "CertificateSigning",
    "CertificateSubjectRestriction",
    "DefaultIngressClass",
    "PodTopologyLabels",
    "ResourceQuota",
  ]);
});
