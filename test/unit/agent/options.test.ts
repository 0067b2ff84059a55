import { expect, it } from "vitest";
import { agentOptions } from "../../../agent/options.ts";

const needed = ["--kubeconfig", "k", "--node-name", "n", "--data-dir", "d"];

it("has what upstream has where nothing is said", () => {
  expect(agentOptions(needed)).toMatchObject({
    kubeconfig: "k",
    nodeName: "n",
    dataDir: "d",
    clusterDns: "10.96.0.10",
    clusterDomain: "cluster.local",
    maxPods: 110,
    port: 0,
    clusterCidrs: [],
  });
});

it("takes a flag several times", () => {
  const flags = ["--cluster-cidr", "10.244.1.0/24", "--cluster-cidr", "10.244.2.0/24"];
  expect(agentOptions([...needed, ...flags]).clusterCidrs).toEqual(["10.244.1.0/24", "10.244.2.0/24"]);
});

it.each([
  { args: [], want: "--kubeconfig is missing" },
  { args: ["--kubeconfig", "k"], want: "--node-name is missing" },
  { args: [...needed, "--nope"], want: "Unknown option '--nope'" },
  { args: [...needed, "--port", "x"], want: '--port takes a whole number from 0 to 65535, not "x"' },
  { args: [...needed, "--max-pods", "0"], want: "--max-pods takes a whole number from 1 to 10000" },
  { args: [...needed, "--tls-cert", "c"], want: "--tls-cert and --tls-key belong together" },
])("says what is wrong: $want", ({ args, want }) => {
  expect(() => agentOptions(args)).toThrow(want);
});
