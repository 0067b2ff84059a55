/** CertificateSubjectRestriction: nobody becomes a member of system:masters by the API's client signer. */
import type { CertificateSigningRequest } from "../../../openapi/types/certificates-v1.ts";
import { parseCertificateRequest } from "../../../registry/certificates/certificate-request.ts";
import { systemPrivilegedGroup } from "../../authentication/groups.ts";
import { denied } from "../denial.ts";
import type { AdmissionPlugin } from "../plugin.ts";
import { isCertificateRequest } from "./signer-access.ts";

const signer = "kubernetes.io/kube-apiserver-client";

/** Looks at new requests. */
export const certificateSubjectRestriction: AdmissionPlugin = {
  name: "CertificateSubjectRestriction",
  handles: (attributes) => attributes.operation === "CREATE" && isCertificateRequest(attributes, ""),
  validate(attributes) {
    const { spec } = attributes.object as unknown as CertificateSigningRequest;
    if (spec.signerName !== signer) return;
    const request = parseCertificateRequest(spec.request);
    if (!request) throw denied(attributes, "failed to parse CSR");
    if (!request.organizations.includes(systemPrivilegedGroup)) return;
    throw denied(attributes, `use of ${signer} signer with system:masters group is not allowed`);
  },
};
