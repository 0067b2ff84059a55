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

const queue = "https://sqs.eu-central-1.amazonaws.com/123456789012/reports";
const sqs = ["--node-name", "i-0", "--data-dir", "d", "--transport", "sqs", "--report-queue", queue, "--region", "r"];

it("takes the transport through queues, with a kubeconfig or with IAM tokens", () => {
  expect(agentOptions(needed).sqs).toBeUndefined();
  const wanted = { cluster: "default", reportQueue: queue, region: "r" };
  expect(agentOptions([...sqs, "--kubeconfig", "k"])).toMatchObject({ kubeconfig: "k", sqs: wanted });
  const found = agentOptions([...sqs, "--api", "https://api.example/prod/", "--cluster", "blue"]);
  expect(found.sqs).toEqual({ ...wanted, cluster: "blue", api: "https://api.example/prod" });
  expect(found.kubeconfig).toBeUndefined();
});

it.each([
  { args: sqs, want: "--kubeconfig is missing" },
  { args: [...needed, "--transport", "pigeon"], want: '--transport takes direct or sqs, not "pigeon"' },
  { args: [...needed, "--region", "r"], want: "--region goes with --transport sqs" },
  { args: [...needed, "--cluster", "c"], want: "--cluster goes with --transport sqs" },
  { args: [...needed, "--transport", "sqs"], want: "--transport sqs needs --report-queue" },
  { args: [...sqs, "--api", "here"], want: '--api takes a URL, not "here"' },
  { args: [...sqs, "--api", "https://a", "--kubeconfig", "k"], want: "--api and --kubeconfig exclude each other" },
  { args: [...sqs, "--kubeconfig", "k", "--sts-endpoint", "http://s"], want: "--sts-endpoint goes with --api" },
  { args: [], want: "--kubeconfig is missing" },
  { args: ["--kubeconfig", "k"], want: "--node-name is missing" },
  { args: [...needed, "--nope"], want: "Unknown option '--nope'" },
  { args: [...needed, "--port", "x"], want: '--port takes a whole number from 0 to 65535, not "x"' },
  { args: [...needed, "--max-pods", "0"], want: "--max-pods takes a whole number from 1 to 10000" },
  { args: [...needed, "--tls-cert", "c"], want: "--tls-cert and --tls-key belong together" },
])("says what is wrong: $want", ({ args, want }) => {
  expect(() => agentOptions(args)).toThrow(want);
});
