import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { parse } from "yaml";
import { kubeconfigText, writeKubeconfig } from "../../../../lib/local/kubeconfig.ts";
import { writePrivateFile } from "../../../../lib/local/private-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const options = {
  server: "https://127.0.0.1:6443",
  ca: "CA",
  user: "system:node:n1",
  credential: { certificate: "CERT", key: "KEY" },
};

it("names one cluster, one user and one context", () => {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  expect(parse(kubeconfigText(options))).toMatchObject({
    clusters: [{ cluster: { server: options.server, "certificate-authority-data": base64("CA") } }],
    users: [{ user: { "client-certificate-data": base64("CERT"), "client-key-data": base64("KEY") } }],
    "current-context": "system:node:n1@coracle",
  });
});

it("is written as a whole, for its owner alone, in place of what was there", () => {
  const file = join(folder, "deep", "config");
  writeKubeconfig(file, options);
  writeFileSync(file, "old");
  writeKubeconfig(file, options);
  expect(readFileSync(file, "utf8")).toBe(kubeconfigText(options));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(folder, "deep"))).toEqual(["config"]);
});

it("says where it can't be written", () => {
  writeFileSync(join(folder, "file"), "");
  expect(() => writeKubeconfig(join(folder, "file", "config"), options)).toThrow("cannot be written");
});

it("leaves no partial file behind", () => {
  expect(() => writePrivateFile(join(folder, "none", "x"), "y")).toThrow("ENOENT");
  expect(readdirSync(folder)).toEqual([]);
});
