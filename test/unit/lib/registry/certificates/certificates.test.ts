import { describe, expect, it } from "vitest";
import { fieldErrorText } from "../../../../../lib/apimachinery/validation/field.ts";
import { parseCertificateRequest } from "../../../../../lib/registry/certificates/certificate-request.ts";
import { certificateSigningRequestStrategy as strategy } from "../../../../../lib/registry/certificates/certificatesigningrequest.ts";
import { validate, validateSignerName, validateUpdate } from "../../../../../lib/registry/certificates/validation.ts";
import type { StrategyContext } from "../../../../../lib/registry/strategy.ts";

/** CN=joe, O=team, an EC key. */
const request =
  "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIWE1IOENBUUF3SFRFTk1Bc0dBMVVFQ2d3RWRHVmhiVEVNTUFvR0ExVUVBd3dEYW05bE1Ga3dFd1lIS29aSQp6ajBDQVFZSUtvWkl6ajBEQVFjRFFnQUV6LytLZkE4ZDFLeFNDOGNBS0NaWGVCK3lFamcwYURPWlE4SndYUThVCmlxT3FDK3IybWpycTJyWFZ1U3NOTzlTSHhSTkVhRGc5bnJEMHNsaktGdDF5NUtBQU1Bb0dDQ3FHU000OUJBTUMKQTBnQU1FVUNJUUM0T0hqa3hQem91cDViL1RXdS9YdHJWRnJrODhsS1dYcFU0UGM2MmZkLzhBSWdmeFZsZFQyVgp6L2lpclR4ZzhYSkpXOW5rRlZwUElad2o3UWQ4c0pRaVJ1WT0KLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg==";
const csr = (spec: object = {}, status: object = {}) =>
  ({
    metadata: { name: "r" },
    spec: { request, signerName: "a.b/c", usages: ["client auth"], ...spec },
    status,
  }) as never;
const texts = (errors: Parameters<typeof fieldErrorText>[0][]) =>
  errors.map((error) => `${error.field}: ${fieldErrorText(error)}`);
const context = {
  clock: { now: () => 0 },
  user: { username: "jane", uid: "u", groups: ["g"] },
} as unknown as StrategyContext;

describe("parseCertificateRequest", () => {
  it("reads whom it is for", () => {
    expect(parseCertificateRequest(request)).toEqual({ commonName: "joe", organizations: ["team"], isSigned: true });
  });
  it("sees a change, and what is no request", () => {
    const pem = Buffer.from(request, "base64").toString();
    const body = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
    const at = body.indexOf("joe");
    body.write("jim", at);
    const changed = `-----BEGIN CERTIFICATE REQUEST-----\n${body.toString("base64")}\n-----END CERTIFICATE REQUEST-----\n`;
    expect(parseCertificateRequest(Buffer.from(changed).toString("base64"))).toMatchObject({
      commonName: "jim",
      isSigned: false,
    });
    expect(parseCertificateRequest("bm8=")).toBeUndefined();
    const cut = changed.replace(body.toString("base64"), body.subarray(0, 40).toString("base64"));
    expect(parseCertificateRequest(Buffer.from(cut).toString("base64"))).toBeUndefined();
  });
});

describe("validation", () => {
  it("lets a good one pass", () => expect(validate(csr())).toEqual([]));
  const cases = [
    {
      name: "no request",
      spec: { request: "" },
      want: 'spec.request: Invalid value: "": PEM block type must be CERTIFICATE REQUEST',
    },
    { name: "no usages", spec: { usages: [] }, want: "spec.usages: Required value" },
    { name: "a usage twice", spec: { usages: ["any", "any"] }, want: 'spec.usages[1]: Duplicate value: "any"' },
    {
      name: "too short a time",
      spec: { expirationSeconds: 599 },
      want: "spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)",
    },
    {
      name: "the old signer",
      spec: { signerName: "kubernetes.io/legacy-unknown" },
      want: 'spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version',
    },
  ];
  it.each(cases)("$name", ({ spec, want }) => expect(texts(validate(csr(spec)))).toEqual([want]));
  it.each(["", "a", "a/b", "A.b/c", "a.b/C"])("%j is no signer", (name) =>
    expect(validateSignerName(name)).not.toEqual([]));

  const approved = { conditions: [{ type: "Approved", status: "True" }] };
  it("lets only approval approve", () => {
    const none = { approval: false, certificate: false };
    expect(texts(validateUpdate(csr({}, approved), csr(), none))).toEqual([
      'status.conditions: Forbidden: updates may not add a condition of type "Approved"',
    ]);
    expect(validateUpdate(csr({}, approved), csr(), { ...none, approval: true })).toEqual([]);
    expect(texts(validateUpdate(csr(), csr({}, approved), { ...none, approval: true }))).toEqual([
      'status.conditions: Forbidden: updates may not remove a condition of type "Approved"',
    ]);
  });
  it("refuses what is no certificate, and both decisions at once", () => {
    expect(texts(validate(csr({}, { certificate: "bm8=" })))[0]).toContain(
      "must contain at least one CERTIFICATE PEM block",
    );
    const both = { conditions: [...approved.conditions, { type: "Denied", status: "True" }] };
    expect(texts(validate(csr({}, both)))).toEqual([
      'status.conditions: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
    ]);
  });
});

describe("strategy", () => {
  it("writes down who asks, whatever the request says", () => {
    const one = csr({ username: "forged", groups: ["forged"], extra: { a: ["b"] } }, { certificate: "x" });
    strategy.prepareForCreate?.(one, context);
    expect(one).toMatchObject({ spec: { username: "jane", uid: "u", groups: ["g"], request }, status: {} });
    expect((one as { spec: object }).spec).not.toHaveProperty("extra");
  });
  it("changes neither spec nor status by itself, and dates decisions", () => {
    const one = csr({ usages: ["any"] }, { certificate: "x" });
    strategy.prepareForUpdate?.(one, csr(), context);
    expect(one).toEqual(csr());
    const decided = csr({ usages: ["any"] }, { certificate: "x", conditions: [{ type: "Denied", status: "True" }] });
    strategy.updateSubresources?.approval.prepareForUpdate?.(decided, csr(), context);
    const time = "1970-01-01T00:00:00Z";
    const conditions = [{ type: "Denied", status: "True", lastUpdateTime: time, lastTransitionTime: time }];
    expect(decided).toEqual(csr({}, { conditions }));
    expect(strategy.cells?.(decided, { now: 0 }).slice(-1)).toEqual(["Denied"]);
  });
});
