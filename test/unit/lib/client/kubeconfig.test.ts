import { describe, expect, it } from "vitest";
import { parseKubeconfig } from "../../../../lib/client/kubeconfig.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const file = `
current-context: main
contexts:
- {name: main, context: {cluster: c, user: u}}
- {name: other, context: {cluster: c, user: nobody}}
- {name: lost, context: {cluster: missing, user: u}}
- {name: plugin, context: {cluster: c, user: p}}
clusters:
- {name: c, cluster: {server: "https://h:6443/x", certificate-authority-data: ${base64("CA")}, tls-server-name: name}}
users:
- {name: u, user: {client-certificate-data: ${base64("CERT")}, client-key-data: ${base64("KEY")}}}
- {name: p, user: {exec: {command: aws}}}
`;

describe("kubeconfig", () => {
  it("gives what the current context names", () => {
    const config = parseKubeconfig(file, "f");
    expect(config).toEqual({ server: "https://h:6443/x", ca: "CA", cert: "CERT", key: "KEY", tlsServerName: "name" });
  });

  it("gives what another context names, without a user", () => {
    expect(parseKubeconfig(file, "f", "other")).toEqual({
      server: "https://h:6443/x",
      ca: "CA",
      tlsServerName: "name",
    });
  });

  const cases: { name: string; text: string; context?: string; want: string }[] = [
    { name: "no YAML", text: "a: [", want: "the kubeconfig f is no YAML" },
    { name: "an empty file", text: "", want: "the kubeconfig f has no current-context" },
    { name: "a context that is not there", text: file, context: "x", want: 'the kubeconfig f has no context "x"' },
    { name: "a cluster that is not there", text: file, context: "lost", want: 'has no cluster "missing"' },
    { name: "a plugin", text: file, context: "plugin", want: "credentials of a kind that is not supported" },
  ];
  for (const { name, text, context, want } of cases) {
    it(`refuses ${name}`, () => {
      expect(() => parseKubeconfig(text, "f", context)).toThrow(want);
    });
  }
});
