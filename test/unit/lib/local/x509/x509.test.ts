import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { issueCertificate } from "../../../../../lib/local/x509/certificate.ts";
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from "../../../../../lib/local/x509/der.ts";

describe("DER", () => {
  const cases = [
    { name: "a small number", got: integer(Buffer.from([2])), want: "020102" },
    { name: "a number that must not look negative", got: integer(Buffer.from([0x80])), want: "02020080" },
    { name: "a number with zeros before it", got: integer(Buffer.from([0, 0, 5])), want: "020105" },
    { name: "an OID with a long part", got: objectIdentifier("1.2.840.10045"), want: "06052a8648ce3d" },
    { name: "a boolean", got: boolean(true), want: "0101ff" },
    { name: "text", got: utf8String("é"), want: "0c02c3a9" },
    { name: "bits", got: bitString(Buffer.from([0x86]), 1), want: "03020186" },
    { name: "a nest", got: sequence(set(octetString(Buffer.from([1])))), want: "30053103040101" },
    { name: "tags", got: explicit(3, implicit(1, Buffer.from([9]))), want: "a303810109" },
    { name: "a length of two bytes", got: octetString(Buffer.alloc(200)).subarray(0, 3), want: "0481c8" },
    { name: "a length of three bytes", got: octetString(Buffer.alloc(300)).subarray(0, 4), want: "0482012c" },
    {
      name: "a year before 2050",
      got: time(Date.UTC(2049, 11, 31)),
      want: Buffer.from("\x17\x0d491231000000Z").toString("hex"),
    },
    {
      name: "a year from 2050 on",
      got: time(Date.UTC(2050, 0, 1)),
      want: Buffer.from("\x18\x0f20500101000000Z").toString("hex"),
    },
  ];
  it.each(cases)("$name", ({ got, want }) => expect(got.toString("hex")).toBe(want));
});

describe("issueCertificate", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const subject = { commonName: "ca", organizations: ["one", "two"] };
  const period = { notBefore: Date.UTC(2026, 0, 1), notAfter: Date.UTC(2060, 0, 1) };
  const issuer = { subject, publicKey, privateKey };

  it("signs what others can read", () => {
    const ca = new X509Certificate(issueCertificate({ subject, publicKey, usage: "ca", ...period }, issuer));
    expect(ca.subject).toBe("O=one\nO=two\nCN=ca");
    expect([ca.validFrom, ca.validTo]).toEqual(["Jan  1 00:00:00 2026 GMT", "Jan  1 00:00:00 2060 GMT"]);
    const hosts = ["a.example", "192.0.2.1", "2001:db8::1"];
    const leaf = new X509Certificate(
      issueCertificate({ subject, publicKey, usage: "server", hosts, ...period }, issuer),
    );
    expect(leaf.subjectAltName).toBe("DNS:a.example, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1");
    expect(leaf.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
    expect(leaf.checkIssued(ca)).toBe(true);
    expect(leaf.verify(publicKey)).toBe(true);
    expect(leaf.serialNumber).not.toBe(ca.serialNumber);
  });
});
