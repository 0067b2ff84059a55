import { X509Certificate } from "node:crypto";
import { expect, it } from "vitest";
import { rootCertificates } from "../../../../lambdas/wiring/root-certificates.ts";

it("gives Amazon's roots", () => {
  const parts = rootCertificates({}).match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? [];
  expect(parts.join("")).toBe(rootCertificates({}));
  const names = parts.map((pem) => /^CN=(.*)$/m.exec(new X509Certificate(pem).subject)?.[1]);
  expect(names.sort()).toEqual([
    "Amazon Root CA 1",
    "Amazon Root CA 2",
    "Amazon Root CA 3",
    "Amazon Root CA 4",
    "Starfield Services Root Certificate Authority - G2",
  ]);
});

it("gives what an emulator names", () => {
  expect(rootCertificates({ rootCertificates: "pem" })).toBe("pem");
});
