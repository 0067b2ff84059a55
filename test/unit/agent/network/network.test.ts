import { mkdtempSync, rmSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { cniConfig, configuredCidr, podNetwork, writeCniConfig } from "../../../../agent/network/cni.ts";
import { bridgeMac, defaultInterface, firstFreeRange, machineAddress } from "../../../../agent/network/machine.ts";

it("a range's first address is the gateway; the bridge is the data folder's own", () => {
  const network = podNetwork("10.244.3.0/24", "/data");
  expect(network).toMatchObject({ cidr: "10.244.3.0/24", gateway: "10.244.3.1", prefix: 24 });
  // An interface's name may have 15 bytes.
  expect(network.bridge).toMatch(/^coracle-[0-9a-f]{7}$/);
  expect(podNetwork("10.244.3.0/24", "/other").bridge).not.toBe(network.bridge);
});

it.each(["10.244.0.0", "10.244.0.0/30", "fd00::/64", "x"])("refuses %s", (cidr) => {
  expect(() => podNetwork(cidr, "/data")).toThrow("no range for pods");
});

it("CNI gives addresses of the range by the bridge", () => {
  expect(cniConfig(podNetwork("10.244.3.0/24", "/data"), "/state")).toMatchObject({
    plugins: [
      {
        type: "bridge",
        hairpinMode: true,
        ipMasq: false,
        ipam: { type: "host-local", dataDir: "/state", ranges: [[{ subnet: "10.244.3.0/24" }]] },
      },
    ],
  });
});

it("an agent that starts again finds the range that its pods have", () => {
  const folder = mkdtempSync(join(tmpdir(), "coracle-cni-"));
  expect(configuredCidr(folder)).toBeUndefined();
  writeCniConfig(podNetwork("10.244.7.0/24", "/data"), folder, join(folder, "state"));
  expect(configuredCidr(folder)).toBe("10.244.7.0/24");
  rmSync(folder, { recursive: true });
});

it("finds the default route's interface", () => {
  const head = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n";
  const local = "eth1\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
  expect(defaultInterface(`${head}${local}eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n`)).toBe("eth0");
  expect(defaultInterface(head)).toBeUndefined();
});

it("the machine has an address", () => {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
  expect(addresses).toContain(machineAddress());
});

const line = (name: string, address: string) =>
  `4: ${name}    inet ${address} scope global ${name}\\       valid_lft forever preferred_lft forever\n`;

it.each([
  { name: "none in use", shown: line("eth0", "192.0.2.2/24"), want: "10.244.0.0/24" },
  { name: "bridges", shown: line("a", "10.244.0.1/24") + line("b", "10.244.1.1/24"), want: "10.244.2.0/24" },
  { name: "a gap", shown: line("b", "10.244.1.1/24"), want: "10.244.0.0/24" },
])("a range that is free: $name", ({ shown, want }) => {
  expect(firstFreeRange(shown)).toBe(want);
});

it("all ranges in use", () => {
  const shown = Array.from({ length: 256 }, (_, third) => line(`b${third}`, `10.244.${third}.1/24`)).join("");
  expect(() => firstFreeRange(shown)).toThrow("--pod-cidr");
});

it("a bridge has a hardware address of its own", () => {
  expect(bridgeMac("10.244.3.1")).toBe("0a:58:0a:f4:03:01");
});
