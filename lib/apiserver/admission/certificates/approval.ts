/** CertificateApproval: to approve takes a right on the signer. */
import type { CertificateSigningRequest } from "../../../openapi/types/certificates-v1.ts";
import { denied } from "../denial.ts";
import type { AdmissionPlugin } from "../plugin.ts";
import { isCertificateRequest, mayUseSigner } from "./signer-access.ts";

/** Looks at updates of certificatesigningrequests/approval. */
export const certificateApproval: AdmissionPlugin = {
  name: "CertificateApproval",
  handles: (attributes) => attributes.operation === "UPDATE" && isCertificateRequest(attributes, "approval"),
  async validate(attributes) {
    const { signerName } = (attributes.oldObject as unknown as CertificateSigningRequest).spec;
    if (await mayUseSigner(attributes, "approve", signerName)) return;
    throw denied(attributes, `user not permitted to approve requests with signerName ${JSON.stringify(signerName)}`);
  },
};
