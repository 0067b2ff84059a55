import { expect, it } from "vitest";
import { hostsFile, podHostname } from "../../../../agent/pods/hosts-file.ts";
import { pod } from "../objects.ts";

const hostAliases = [{ ip: "192.0.2.9", hostnames: ["db", "cache"] }];

it("names the pod and its aliases", () => {
  const text = hostsFile(pod({ hostAliases }), "web", "sub.shop.svc.cluster.local", ["10.244.0.5"], "");
  expect(text).toMatch(/^# Kubernetes-managed hosts file\.\n127\.0\.0\.1\tlocalhost\n/);
  expect(text).toContain("\n10.244.0.5\tweb.sub.shop.svc.cluster.local\tweb\n");
  expect(text).toMatch(/\n\n# Entries added by HostAliases\.\n192\.0\.2\.9\tdb\tcache\n$/);
});

it("is the machine's in the machine's network", () => {
  const text = hostsFile(pod({ hostNetwork: true }), "machine", "", ["192.0.2.1"], "127.0.0.1 machine\n");
  expect(text).toBe("# Kubernetes-managed hosts file (host network).\n127.0.0.1 machine\n");
});

it.each([
  { name: "its name", spec: {}, want: { hostname: "web", domain: "" } },
  { name: "its hostname", spec: { hostname: "h" }, want: { hostname: "h", domain: "" } },
  {
    name: "a subdomain",
    spec: { hostname: "h", subdomain: "s" },
    want: { hostname: "h", domain: "s.shop.svc.cluster.local" },
  },
  {
    name: "an override",
    spec: { hostnameOverride: "o.example.com", subdomain: "s" },
    want: { hostname: "o.example.com", domain: "" },
  },
])("a pod is called by $name", ({ spec, want }) => {
  expect(podHostname(pod(spec), "cluster.local")).toEqual(want);
});

it("a long name is cut to a label", () => {
  const long = pod({}, { metadata: { ...pod().metadata, name: `${"a".repeat(62)}-bcd` } });
  expect(podHostname(long, "cluster.local").hostname).toBe("a".repeat(62));
});
