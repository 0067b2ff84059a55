/** CertificateSigning: to hand out a certificate takes a right on the signer. */
import { deepEqual } from "../../../apimachinery/equality.ts";
import type { CertificateSigningRequest } from "../../../openapi/types/certificates-v1.ts";
import { denied } from "../denial.ts";
import type { AdmissionPlugin } from "../plugin.ts";
import { isCertificateRequest, mayUseSigner } from "./signer-access.ts";

/** Looks at updates of certificatesigningrequests/status. */
export const certificateSigning: AdmissionPlugin = {
  name: "CertificateSigning",
  handles: (attributes) => attributes.operation === "UPDATE" && isCertificateRequest(attributes, "status"),
  async validate(attributes) {
    const [request, old] = [attributes.object, attributes.oldObject] as unknown as CertificateSigningRequest[];
    const sameCertificate = (request.status?.certificate ?? "") === (old.status?.certificate ?? "");
    if (sameCertificate && deepEqual(request.status?.conditions ?? [], old.status?.conditions ?? [])) return;
    const { signerName } = old.spec;
    if (await mayUseSigner(attributes, "sign", signerName)) return;
    throw denied(attributes, `user not permitted to sign requests with signerName ${JSON.stringify(signerName)}`);
  },
};
