import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { adminSubject, nodeSubject, openPki } from "../../../../lib/local/pki.ts";
import { UserError } from "../../../../lib/local/user-error.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pki-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const now = Date.parse("2026-01-01T00:00:00Z");
const dayMs = 24 * 3600 * 1000;
const open = (more: object = {}) => openPki(folder, { serviceAddress: "10.96.0.1", now, ...more });
const file = (name: string) => join(folder, name);

describe("openPki", () => {
  it("makes certificates that belong together and name what they must", () => {
    const pki = open({ hosts: ["192.0.2.7", "api.example"] });
    const [ca, server] = [new X509Certificate(pki.ca), new X509Certificate(pki.server.certificate)];
    expect(ca.ca).toBe(true);
    expect(server.verify(ca.publicKey)).toBe(true);
    expect(server.checkIssued(ca)).toBe(true);
    for (const name of ["localhost", "kubernetes.default.svc.cluster.local", "api.example"]) {
      expect(server.checkHost(name)).toBe(name);
    }
    for (const ip of ["127.0.0.1", "::1", "10.96.0.1", "192.0.2.7"]) expect(server.checkIP(ip)).toBe(ip);
    expect(server.checkHost("example.com")).toBeUndefined();
    const node = new X509Certificate(pki.client("node", nodeSubject("n1")).certificate);
    expect(node.subject).toBe("O=system:nodes\nCN=system:node:n1");
  });

  it("uses again what is good, and keeps it from others", () => {
    const [first, second] = [open(), open()];
    expect(second.ca).toBe(first.ca);
    expect(second.server).toEqual(first.server);
    expect(second.client("admin", adminSubject)).toEqual(first.client("admin", adminSubject));
    expect(second.tokenKey.equals(first.tokenKey)).toBe(true);
    for (const name of ["ca.key", "server.key", "sa.key", "admin.key"]) {
      expect(statSync(file(name)).mode & 0o777).toBe(0o600);
    }
  });

  const renewed = [
    { name: "ends soon", later: () => openPki(folder, { serviceAddress: "10.96.0.1", now: now + 320 * dayMs }) },
    { name: "lacks a name", later: () => open({ hosts: ["new.example"] }) },
    {
      name: "is damaged",
      later: () => {
        writeFileSync(file("server.crt"), "nonsense");
        return open();
      },
    },
  ];
  it.each(renewed)("makes a server certificate anew that $name", ({ later }) => {
    const first = open();
    const second = later();
    expect(second.ca).toBe(first.ca);
    expect(second.server.certificate).not.toBe(first.server.certificate);
  });

  it("makes a client's anew for another subject", () => {
    const pki = open();
    const one = pki.client("node", nodeSubject("a"));
    expect(pki.client("node", nodeSubject("b")).certificate).not.toBe(one.certificate);
  });

  const corrupt = [
    { name: "ca.crt", content: "x", want: "ca.crt holds no certificate" },
    { name: "ca.key", content: "x", want: "ca.key holds no private key" },
    { name: "sa.key", content: "", want: "sa.key holds no private key" },
  ];
  it.each(corrupt)("says what is wrong with $name", ({ name, content, want }) => {
    open();
    writeFileSync(file(name), content);
    expect(open).toThrow(UserError);
    expect(open).toThrow(want);
  });

  it("refuses a CA that has lost its key or its certificate's key", () => {
    open();
    rmSync(file("ca.key"));
    expect(open).toThrow("ca.key is missing");
    const other = mkdtempSync(join(tmpdir(), "pki-"));
    openPki(other, { serviceAddress: "10.96.0.1", now });
    writeFileSync(file("ca.key"), readFileSync(join(other, "ca.key")));
    rmSync(other, { recursive: true });
    expect(open).toThrow("ca.crt does not belong to ca.key");
  });

  it("gets a client through TLS", async () => {
    const pki = openPki(folder, { serviceAddress: "10.96.0.1" });
    const admin = pki.client("admin", adminSubject);
    const tls = { cert: pki.server.certificate, key: pki.server.key, ca: pki.ca, requestCert: true };
    const server = createServer(tls, ({ socket }, response) => {
      const { authorized, getPeerCertificate } = socket as TLSSocket;
      response.end(JSON.stringify([authorized, getPeerCertificate.call(socket).subject]));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const answer = await new Promise<string>((resolve, reject) => {
      const client = { host: "127.0.0.1", port, ca: pki.ca, cert: admin.certificate, key: admin.key, agent: false };
      request(client, (response) => response.on("data", (chunk) => resolve(String(chunk))))
        .on("error", reject)
        .end();
    });
    server.close();
    expect(JSON.parse(answer)).toEqual([true, { O: "system:masters", CN: "kubernetes-admin" }]);
  });
});
