import { expect, it } from "vitest";
import { parseResolvConf, podDns } from "../../../../agent/pods/dns-config.ts";
import { pod } from "../objects.ts";

const machine = parseResolvConf(
  "# made by hand\nnameserver 192.0.2.53\nnameserver 192.0.2.54\nsearch corp.example\noptions timeout:2 edns0\n",
);
const cluster = { servers: ["10.96.0.10"], domain: "cluster.local" };
const ofCluster = {
  servers: ["10.96.0.10"],
  searches: ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local", "corp.example"],
  options: ["ndots:5"],
};

it.each([
  { name: "ClusterFirst", spec: {}, want: ofCluster },
  { name: "ClusterFirst in the machine's network", spec: { hostNetwork: true }, want: machine },
  {
    name: "ClusterFirstWithHostNet",
    spec: { hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet" },
    want: ofCluster,
  },
  { name: "Default", spec: { dnsPolicy: "Default" }, want: machine },
  {
    name: "None with a configuration",
    spec: {
      dnsPolicy: "None",
      dnsConfig: { nameservers: ["1.1.1.1"], searches: ["a"], options: [{ name: "ndots", value: "1" }] },
    },
    want: { servers: ["1.1.1.1"], searches: ["a"], options: ["ndots:1"] },
  },
  {
    name: "ClusterFirst with more",
    spec: {
      dnsConfig: {
        nameservers: ["1.1.1.1", "10.96.0.10"],
        options: [{ name: "ndots", value: "2" }, { name: "rotate" }],
      },
    },
    want: { ...ofCluster, servers: ["10.96.0.10", "1.1.1.1"], options: ["ndots:2", "rotate"] },
  },
])("$name", ({ spec, want }) => {
  expect(podDns(pod(spec), machine, cluster)).toEqual(want);
});

it("reads a resolv.conf", () => {
  expect(machine).toEqual({
    servers: ["192.0.2.53", "192.0.2.54"],
    searches: ["corp.example"],
    options: ["timeout:2", "edns0"],
  });
});
